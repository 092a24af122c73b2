"""`env adopt`: take over what somebody else made, and take back what that changed in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from setup_assistant.cli import options
from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import SetupError
from setup_assistant.messages import _


@click.argument("folder", metavar="PREFIX", type=click.Path(path_type=Path))
@click.option("--site", metavar="DIR", help=_("Folder of the deployment that takes it over."))
@click.option(
    "--change",
    is_flag=True,
    help=_("Missing packages may be installed into it, and others changed."),
)
@options.YES
@options.CHANGES_ONLY
@verb(
    "env adopt",
    summary=_(
        "Take over an environment that somebody else made: look at it, prove it with the "
        "canary, and keep a record.\n\nIts packages stay as they are. Where one is missing, "
        "nothing is done unless --change agrees to it."
    ),
    examples=("setup-assistant env adopt ~/miniconda3/envs/qwen --yes",),
)
def adopt(folder: Path, site: str | None, change: bool, yes: bool, dry_run: bool) -> Result:
    """Adopt one environment."""
    from setup_assistant.choose.wishes import Wishes
    from setup_assistant.cli.terminal import ask
    from setup_assistant.cli.up.carry_out import carry_out
    from setup_assistant.steps import adopt as adopting
    from setup_assistant.steps.environment_record import drifted
    from setup_assistant.steps.gather_wishes import layout_of
    from setup_assistant.steps.prepare import Prepared, make, prepare, probe_for

    folder = folder.expanduser().absolute()
    adopting.look_at(folder)
    if not (yes or dry_run):
        ask.need_terminal("--yes")
    root = Path(site).expanduser().absolute() if site else Path.home() / f"qwen2-vl-{folder.name}"
    wishes = Wishes(model="canary", env=str(folder), site=str(root), adopt=change)
    layout = layout_of(wishes)
    if (layout.root / "plan.json").exists():
        prepared = prepare(wishes, dry_run=dry_run)
    else:
        machine = probe_for(layout)
        plan = adopting.as_it_is(make(machine, wishes), folder)
        prepared = Prepared(layout, machine, wishes, plan)
    changes = adopting.changes(folder, prepared.plan, drifted(folder, prepared.plan), wishes)
    if not change and not dry_run:
        adopting.refuse_changes(folder, changes, flag="--change")
    if changes:
        show.note(_("To be changed: {packages}", packages=adopting.listed(changes)))
    done = carry_out(prepared, dry_run=dry_run, agree=None if yes else _agree)
    said = {n: list(pair) for n, pair in changes.items()}
    return replace(done, command="env adopt", data={**done.data, "changes": said})


def is_adopted(name: str) -> bool:
    """Whether this is the name or folder of an environment that somebody else made."""
    from setup_assistant.site import environments
    from setup_assistant.steps.adopt import ENGINE

    try:
        return environments.pick(name).backend == ENGINE
    except SetupError:
        return False


def take_back(name: str, *, dry_run: bool) -> Result:
    """Bring the packages of an adopted environment back to what they were.

    Raises:
        SetupError: `env_in_use`, `site_busy`, or as `steps.adopt.take_back`.
    """
    from setup_assistant.host import files
    from setup_assistant.site import environments
    from setup_assistant.site.read import read_layout
    from setup_assistant.steps import adopt as adopting
    from setup_assistant.steps.write_receipt import is_told, tell_again

    found = environments.pick(name)
    environments.refuse_used(found)
    layout = read_layout(Path(found.site or ""))
    with files.exclusive(layout.lock):
        own, theirs = adopting.differences(layout)
        back = {n: (now, old) for n, (old, now) in own.items()}
        said = adopting.listed(back) or _("nothing")
        show.note(_("Taken back: {packages}", packages=said))
        if theirs:
            show.note(_("Changed since by somebody else, and left: {packages}",
                        packages=adopting.listed(theirs)))  # fmt: skip
        if (own or not is_told(layout)) and not dry_run:
            adopting.take_back(layout, own)
            tell_again(layout)
    data = {
        "environment": found.prefix,
        "changes": {n: list(pair) for n, pair in back.items()},
        "left": {n: list(pair) for n, pair in theirs.items()},
        "done": not dry_run,
    }
    return Result("env rollback", data)


def _agree(_prepared: object) -> bool:
    from setup_assistant.cli.terminal import ask

    why = ask.told(_("The canary is asked in it, and a record is kept in a folder of its own. Only "
                     "the packages named above, if any, are changed."))  # fmt: skip
    return ask.confirm(_("Do this now?"), default=True, flag="--yes", why=why)
