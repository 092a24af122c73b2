"""`env upgrade` and `env rollback`: environments that change age."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant import frozen_json
from setup_assistant.cli import options
from setup_assistant.cli.common import verb
from setup_assistant.cli.env.unfinished import end_named
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import Exit, SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.choose.plan import Plan
    from setup_assistant.host.prefix import Change
    from setup_assistant.site.environments import Environment
    from setup_assistant.site.layout import Layout
    from setup_assistant.site.read import Site


@click.argument("name")
@options.YES
@options.CHANGES_ONLY
@click.option(
    "--keep/--no-keep",
    default=None,
    help=_("Leave packages that were changed by hand as they are, or put them back (default)."),
)
@verb(
    "env upgrade",
    summary=_(
        "Bring an environment of this tool to what the recipes know today.\n\nThe new one is "
        "built and proved with the canary first. Where that fails, the old one stays; where it "
        "succeeds, the old one is kept for env rollback."
    ),
    examples=("setup-assistant env upgrade qwen2-vl --dry-run",),
)
def upgrade(name: str, yes: bool, dry_run: bool, keep: bool | None) -> Result:
    """Upgrade one environment."""
    from setup_assistant.cli.terminal import ask
    from setup_assistant.host import files
    from setup_assistant.site.read import read_site
    from setup_assistant.steps import upgrade as upgrading
    from setup_assistant.steps.prepare import probe_for

    ended = end_named(name, dry_run=dry_run)
    found, layout = _ours(name)
    with files.exclusive(layout.lock):
        site = read_site(layout.root)
        wishes = site.wishes if keep is None else replace(site.wishes, keep=keep)
        site = replace(site, machine=probe_for(layout), wishes=wishes)
        plan, notes = _newer(site)
        changes = upgrading.changes(layout, plan)
        again, lost = upgrading.beside(layout, plan, keep=wishes.keep) if changes else ([], [])
        notes = notes if changes else _by_hand(layout)
        data = _data(found, changes, done=ended == "upgraded")
        data |= {"installed_again": again, "lost": lost, "notes": notes}
        for note in notes:
            show.note(note)
        if not changes:
            return Result("env upgrade", data, text=lambda: show.line(_("Nothing is newer.")))
        if not (yes or dry_run):
            ask.need_terminal("--yes")
        _draw(changes)
        _draw_added(again, lost)
        if dry_run:
            return Result("env upgrade", data)
        if not (yes or _agree()):
            return Result("env upgrade", data, text=lambda: show.line(_("Nothing was done.")))
        return _carry_out(site, plan, data)


def _newer(site: Site) -> tuple[Plan, list[str]]:
    """Return the plan of today, and what becomes of what was changed by hand."""
    from setup_assistant.steps import by_hand
    from setup_assistant.steps.environment_record import planned
    from setup_assistant.steps.prepare import make

    keep = site.wishes.keep
    plan = make(site.machine, replace(site.wishes, lock=""))
    found = by_hand.to_put_back(by_hand.standing(site.layout.env, planned(site.plan)))
    notes = [str(note) for note in by_hand.notes_anew(found, planned(plan), keep=keep)]
    return (by_hand.keeping(plan, found) if keep else plan), notes


@click.argument("name")
@options.CHANGES_ONLY
@verb(
    "env rollback",
    summary=_(
        "Bring back the environment before the last upgrade; twice is there and back.\n\n"
        "In one that somebody else made: take back what its adoption changed."
    ),
    examples=("setup-assistant env rollback qwen2-vl",),
)
def rollback(name: str, dry_run: bool) -> Result:
    """Exchange an environment with its previous one."""
    from setup_assistant.cli.env.adopting import is_adopted, take_back
    from setup_assistant.host import files, paths
    from setup_assistant.site import environments
    from setup_assistant.steps import upgrade as upgrading

    # One that was killed is ended, not done and undone.
    ended = end_named(name, dry_run=dry_run)
    if is_adopted(name):
        return take_back(name, dry_run=dry_run)
    _found, layout = _ours(name)
    done = ended == "rolled back"
    with files.exclusive(layout.lock):
        changes = () if done else _way_back(layout)
        notes = _by_hand(layout) if done else _rolled_by_hand(layout)
        for note in notes:
            show.note(note)
        if not (done or dry_run):
            upgrading.rollback(layout, paths.recipes_folder(), changes)
    now = environments.pick(str(layout.env))
    data = _data(now, changes, done=not dry_run) | {"notes": notes}
    if dry_run:
        return Result("env rollback", data, text=lambda: _draw(changes))
    return Result(
        "env rollback",
        data,
        text=lambda: show.line(
            _("{prefix} has torch {torch} again.", prefix=now.prefix,
              torch=f"{now.torch.version} {now.torch.build or ''}".strip() if now.torch else "-")
        ),
    )  # fmt: skip


def _way_back(layout: Layout) -> tuple[Change, ...]:
    """Return what a rollback changes.

    Raises:
        SetupError: `nothing_previous`.
    """
    from setup_assistant.host import prefix
    from setup_assistant.steps import by_hand
    from setup_assistant.steps import rollback as rollback_steps

    if not rollback_steps.there(layout):
        raise SetupError("nothing_previous", path=str(layout.env))
    previous = prefix.packages(rollback_steps.folder(layout))
    return by_hand.compared(prefix.packages(layout.env), previous)


def _by_hand(layout: Layout, folder: Path | None = None) -> list[str]:
    """Say what a person has changed in an environment, by default the one in place."""
    from setup_assistant.site.read import read_plan
    from setup_assistant.steps import by_hand
    from setup_assistant.steps.environment_record import planned

    found = by_hand.departures(folder or layout.env, planned(read_plan(layout)))
    return [str(line) for line in by_hand.told(found)]


def _rolled_by_hand(layout: Layout) -> list[str]:
    """Say what a person has changed in the environment that comes back and the one that goes."""
    from setup_assistant.steps import rollback as rollback_steps

    aside = _("Set aside with the environment until the next rollback:")
    gone = [f"{aside} {line}" for line in _by_hand(layout)]
    return [*_by_hand(layout, rollback_steps.folder(layout)), *gone]


def _ours(name: str) -> tuple[Environment, Layout]:
    """Return one of our own environments that nothing runs from, and its site.

    Raises:
        SetupError: `env_unknown`, `env_ambiguous`, `env_not_ours` or `env_in_use`.
    """
    from setup_assistant.site import environments
    from setup_assistant.site.read import read_layout
    from setup_assistant.steps.adopt import ENGINE

    found = environments.pick(name)
    if not found.site or found.backend in (None, ENGINE):
        raise SetupError("env_not_ours", path=found.prefix)
    environments.refuse_used(found)
    return found, read_layout(Path(found.site))


def _carry_out(site: Site, plan: Plan, data: dict[str, Any]) -> Result:
    from setup_assistant.cli.up.step_display import Guide
    from setup_assistant.host import paths
    from setup_assistant.steps import rollback as rollback_steps
    from setup_assistant.steps import upgrade as upgrading

    guide = Guide()
    try:
        also = data["installed_again"]
        travelled = upgrading.upgrade(site, plan, paths.recipes_folder(), guide, guide, also=also)
    finally:
        guide.close()
    if travelled.error:
        problem = Problem.of(travelled.error)
        said = _("The environment is as it was before.")
        return Result("env upgrade", data, Exit.FAILED, (problem,), text=lambda: show.line(said))
    layout = site.layout
    return Result(
        "env upgrade",
        {**data, "done": True, "previous": str(rollback_steps.folder(layout))},
        text=lambda: _draw_done(layout),
    )


def _data(found: Environment, changes: tuple[Change, ...], *, done: bool) -> dict[str, Any]:
    return {
        "environment": frozen_json.to_builtins(found),
        "changes": [frozen_json.to_builtins(c) for c in changes],
        "done": done,
    }


def _draw(changes: tuple[Change, ...]) -> None:
    rows = [[c.name, c.old or "-", c.new or "-"] for c in changes]
    show.table(rows, [_("Package"), _("Now"), _("New")])


def _draw_added(again: list[str], lost: list[str]) -> None:
    if again:
        show.note(_("Added by hand, and installed again: {packages}", packages=", ".join(again)))
    if lost:
        show.note(
            _("Added by hand, and lost, since it does not go with the plan: {packages}",
              packages=", ".join(lost))
        )  # fmt: skip


def _draw_done(layout: Layout) -> None:
    show.line(_("Proved and in place: {prefix}", prefix=str(layout.env)))
    command = f"setup-assistant env rollback {shlex.quote(layout.root.name)}"
    show.line(_("To go back: {command}", command=command))


def _agree() -> bool:
    from setup_assistant.cli.terminal import ask

    why = ask.told(
        _("The new environment is built beside this one and proved, and then takes its place."),
        _("setup-assistant env rollback brings the one before back."),
    )
    return ask.confirm(_("Do this now?"), default=True, flag="--yes", why=why)
