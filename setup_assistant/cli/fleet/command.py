"""`fleet`: the same verbs on many machines, over the person's own inventory."""

from __future__ import annotations

import functools
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.fleet.enrol import command as enrol
from setup_assistant.cli.fleet.options import (
    TIMEOUT,
    answers_option,
    fleet_options,
    room_options,
    site_option,
    tool_option,
    yes_option,
)
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.cli.up.wishes import wish_options
from setup_assistant.errors import SetupError
from setup_assistant.fleet.verbs import Verb
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.fleet.inventory import Inventory
    from setup_assistant.fleet.playbook import Job
    from setup_assistant.fleet.record import Record
    from setup_assistant.fleet.settings import Settings

_MOST_FORKS = 40
_MORE = {"apply": ("setup-assistant fleet apply -i hosts.ini --bundle room-bundle --rate 80M",)}
_SUMMARIES = {
    "probe": _("Show what is true of every machine of an inventory."),
    "plan": _("Show what would be installed on every machine, grouped by what they can run."),
    "apply": _(
        "Do everything on every machine of an inventory.\n\n"
        "Safe to run again: each host goes on where it was. What runs there goes on even where "
        "the connection breaks; --check shows the plans and installs nothing."
    ),
    "verify": _("Ask the canary on every machine of an inventory."),
    "doctor": _("Find out what is wrong on every machine of an inventory."),
    "uninstall": _(
        "Remove what was made on every machine of an inventory, after asking.\n\n"
        "Files that were changed there, and caches that others use, stay; --check only shows it. "
        "The agent stays too, in ~/.cache/setup-assistant/fleet."
    ),
    "report": _("Collect plans and receipts of every machine into one report of the room."),
}


@click.group("fleet", help=_("The same on many machines, over SSH."))
def command() -> None:
    """Group of the fleet's verbs."""


_OWN = ("inventory", "limit", "forks", "report", "playbook", "extra", "vaults", "ask_vault",
        "ask_become")  # fmt: skip


def run_verb(name: Verb, **given: Any) -> Result:  # noqa: ANN401 - click's own options
    """Run one verb on every host."""
    from setup_assistant.cli.fleet import chosen_hosts, text
    from setup_assistant.cli.fleet.again import again
    from setup_assistant.fleet import jobs, settings
    from setup_assistant.fleet.record import Record

    own = {k: given.pop(k) for k in _OWN}
    how = {k: given.pop(k) for k in ("check", "become", "timeout")}
    account = {k: given.pop(k) for k in ("user", "key")}
    room = {k: given.pop(k, None) for k in ("bundles", "signer", "rate", "serve", "server")}
    if own["report"] is not None:
        text.must_be_known(own["report"])
    if room["bundles"]:
        from setup_assistant.cli.fleet.serve_bundle import must_fit_bundle

        must_fit_bundle(given)
    kept, yes = given.pop("answers", None), given.pop("yes", False)
    theirs = settings.read()
    if kept is not None:
        return _kept(name, kept, own, theirs)
    tool = bool(given.pop("tool", False)) and not how["check"]
    job = replace(jobs.job_of(name, given, **how), tool=tool)
    if own["playbook"] is not None:
        return _write(name, given, own["playbook"], become=how["become"], tool=tool)
    own["forks"] = own["forks"] or theirs.forks
    source = chosen_hosts.source_of(own, theirs, name)
    _need_engine()
    for note in theirs.notes():
        show.note(str(note))
    record = Record(source.paths)
    inventory = chosen_hosts.read_hosts(source, own["limit"], record, theirs.path)
    if inventory is None:
        why = _("No host of {inventory} is left over: the last run finished them all.",
                inventory=source.shown)  # fmt: skip
        return text.nothing_done(name, source.shown, why)
    inventory = settings.logging_in(inventory, str(account["user"]), str(account["key"]), theirs)
    if name == "uninstall" and not (yes or how["check"] or chosen_hosts.agreed(inventory)):
        return text.nothing_done(name, source.shown, _("Nothing was removed."))
    inventory = chosen_hosts.as_root(inventory, how, asks=own["ask_become"])
    timeout = how["timeout"] if how["timeout"] != TIMEOUT else None
    said = {
        **own,
        "inventory": source.paths,
        **how,
        **account,
        **room,
        "timeout": timeout,
        "tool": tool,
    }
    own["wishes"] = given
    own["rerun"] = again(name, said, given, chosen_hosts.FAILED)
    if room["bundles"]:
        from setup_assistant.cli.fleet.serve_bundle import with_bundle

        # Also a run that is killed while the bundle is made ready leaves its hosts over.
        record.begin(jobs.BUNDLE_TITLE, [h.name for h in inventory.hosts])
        with with_bundle(inventory, room, how, str(given.get("site") or "")) as job:
            return _play(name, inventory, replace(job, tool=tool), record, own)
    return _play(name, inventory, job, record, own)


def _kept(name: str, folder: Path, own: dict[str, Any], theirs: Settings) -> Result:
    """Report what a playbook kept; hosts of an inventory that are not there are told, too."""
    from setup_assistant.cli.fleet import text
    from setup_assistant.cli.fleet.chosen_hosts import source_of
    from setup_assistant.fleet import inventory, kept_answers
    from setup_assistant.fleet.run import Ended

    expected: tuple[str, ...] = ()
    if own["inventory"]:
        _need_engine()
        read = inventory.read(source_of(own, theirs, name), own["limit"], theirs.path)
        expected = tuple(h.name for h in read.hosts)
    outcomes = kept_answers.read_answers(folder, expected)
    rerun = f"ansible-playbook site.yml --limit {','.join(o.host for o in outcomes if not o.ok)}"
    return text.result(name, str(folder), Ended(outcomes=outcomes, seconds=0.0),
                       own["report"], rerun)  # fmt: skip


def _play(name: str, inventory: Inventory, job: Job, record: Record, own: dict[str, Any]) -> Result:
    from setup_assistant.cli.fleet import text
    from setup_assistant.fleet import run

    forks = own["forks"] or min(_MOST_FORKS, max(1, len(inventory.hosts)))
    with text.watching([h.name for h in inventory.hosts]) as tell:
        ended = run.run(inventory, job, forks=forks, record=record, tell=tell)
    return text.result(
        name, inventory.path, ended, own["report"], own["rerun"], wishes=own["wishes"]
    )


def _need_engine() -> None:
    """Offer to install Ansible where it is missing and somebody can be asked."""
    from setup_assistant.cli.terminal import ask
    from setup_assistant.fleet import engine

    if engine.available():
        return
    if show.is_json() or not ask.interactive():
        raise engine.missing()
    if not ask.confirm(
        _("Ansible is needed for this and is not installed. Install it beside this tool?"),
        default=True,
        flag=engine.REQUIREMENT,
        why=ask.told(
            _(
                "Ansible reaches the other machines over SSH. It goes into this tool's own "
                "environment; the other machines need only Python."
            )
        ),
    ):
        raise engine.missing()
    engine.install()


def _write(name: str, wishes: dict[str, Any], folder: Path, *, become: bool, tool: bool) -> Result:
    from setup_assistant.fleet import role
    from setup_assistant.fleet.jobs import arguments

    site = str(wishes.get("site") or "")
    folder = folder.absolute()
    try:
        options = arguments({**wishes, "site": ""})
        playbook = role.export(folder, name, options, site, become=become, tool=tool)
    except OSError as error:
        detail = error.strerror or str(error)
        raise SetupError(
            "not_writable", path=str(folder), detail=detail, flag="--playbook"
        ) from error
    return Result(f"fleet {name}", {"playbook": str(playbook)}, text=lambda: _say_written(playbook))


def _say_written(playbook: Path) -> None:
    show.line(_("Written: {path}", path=str(playbook)))
    folder = shlex.quote(str(playbook.parent))
    show.line(f"  cd {folder} && ansible-playbook -i {_('YOUR_INVENTORY')} {playbook.name}")


def _make(name: Verb) -> click.Command:
    """Make the command of one verb; only plan, apply and report take wishes."""

    @functools.wraps(run_verb)
    def body(**given: Any) -> Result:  # noqa: ANN401
        return run_verb(name, **given)

    wished = wish_options(body) if name in {"plan", "apply", "report"} else site_option(body)
    if name == "apply":
        wished = tool_option(room_options(wished))
    if name == "report":
        wished = answers_option(wished)
    if name == "uninstall":
        wished = yes_option(wished)
    return verb(
        f"fleet {name}",
        summary=_SUMMARIES[name],
        examples=(
            f"setup-assistant fleet {name} -i hosts.ini",
            f"setup-assistant fleet {name} -i hosts.ini --limit @failed --report room.html",
            *_MORE.get(name, ()),
        ),
    )(fleet_options(wished))


command.add_command(enrol)
for _name in get_args(Verb):
    command.add_command(_make(_name))
