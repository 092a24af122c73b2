"""`fleet`: the same verbs on many machines, over the person's own inventory."""

from __future__ import annotations

import functools
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.fleet.options import TIMEOUT, fleet_options, room_options, site_option
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

FAILED = "@failed"
_MOST_FORKS = 40
_MORE = {"apply": ("setup-assistant fleet apply -i hosts.ini --bundle room-bundle --rate 80M",)}
_SUMMARIES = {
    "probe": _("Show what is true of every machine of an inventory."),
    "plan": _("Show what would be installed on every machine, grouped by what they can run."),
    "apply": _(
        "The whole road on every machine of an inventory.\n\n"
        "Safe to run again: each host goes on where it was. What runs there goes on even where "
        "the connection breaks; --check shows the plans and changes nothing."
    ),
    "verify": _("Ask the canary on every machine of an inventory."),
    "doctor": _("Find out what is wrong on every machine of an inventory."),
    "report": _("Collect plans and receipts of every machine into one report of the room."),
}


@click.group("fleet", help=_("The same on many machines, over SSH."))
def command() -> None:
    """Group of the fleet's verbs."""


def run_verb(name: Verb, **given: Any) -> Result:  # noqa: ANN401 - click's own options
    """Run one verb on every host."""
    from setup_assistant.cli.fleet import text
    from setup_assistant.cli.fleet.again import again
    from setup_assistant.fleet import jobs, settings
    from setup_assistant.fleet.record import Record

    own = {k: given.pop(k) for k in ("inventory", "limit", "forks", "report", "playbook")}
    how = {k: given.pop(k) for k in ("check", "become", "timeout")}
    account = {k: given.pop(k) for k in ("user", "key")}
    room = {k: given.pop(k, None) for k in ("bundles", "signer", "rate", "serve", "server")}
    if own["report"] is not None:
        text.must_be_known(own["report"])
    if room["bundles"]:
        from setup_assistant.cli.fleet.serve_bundle import must_fit_bundle

        must_fit_bundle(given)
    job = jobs.job_of(name, given, **how)
    theirs = settings.read()
    own["inventory"] = own["inventory"] or theirs.inventory
    own["forks"] = own["forks"] or theirs.forks
    if not own["inventory"]:
        detail = _("Name an inventory with -i, or in your ansible.cfg.")
        raise SetupError("usage", detail=detail, verb=f"fleet {name}")
    _need_engine()
    for note in theirs.notes():
        show.note(str(note))
    record = Record(own["inventory"])
    inventory = read_inventory(own["inventory"], own["limit"], record)
    inventory = settings.logging_in(inventory, str(account["user"]), str(account["key"]), theirs)
    if own["playbook"] is not None:
        return _write(name, inventory, job, own["playbook"])
    timeout = how["timeout"] if how["timeout"] != TIMEOUT else None
    own["rerun"] = again(name, {**own, **how, **account, **room, "timeout": timeout}, given, FAILED)
    if room["bundles"]:
        from setup_assistant.cli.fleet.serve_bundle import with_bundle

        # Also a run that is killed while the bundle is made ready leaves its hosts over.
        record.begin(jobs.BUNDLE_TITLE, [h.name for h in inventory.hosts])
        with with_bundle(inventory, room, how, str(given.get("site") or "")) as job:
            return _play(name, inventory, job, record, own)
    return _play(name, inventory, job, record, own)


def _play(name: str, inventory: Inventory, job: Job, record: Record, own: dict[str, Any]) -> Result:
    from setup_assistant.cli.fleet import text
    from setup_assistant.fleet import run

    forks = own["forks"] or min(_MOST_FORKS, max(1, len(inventory.hosts)))
    with text.watching([h.name for h in inventory.hosts]) as tell:
        ended = run.run(inventory, job, forks=forks, record=record, tell=tell)
    return text.result(name, own["inventory"], ended, own["report"], own["rerun"])


def read_inventory(path: str, limit: str, record: Record) -> Inventory:
    """Return the hosts that are meant.

    Raises:
        SetupError: `inventory_empty` where the last run left none over.
    """
    from setup_assistant.fleet import inventory

    if limit != FAILED:
        return inventory.read(path, limit)
    left = set(record.failed())
    if not left:
        raise SetupError("inventory_empty", path=path, limit=FAILED)
    return inventory.only(inventory.read(path), left)


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


def _write(name: str, inventory: Inventory, job: Job, folder: Path) -> Result:
    from setup_assistant.fleet import playbook

    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = folder.absolute()
        playbook.write(folder, job, inventory.hosts, "~/.ansible/cp")
    except OSError as error:
        detail = error.strerror or str(error)
        raise SetupError(
            "not_writable", path=str(folder), detail=detail, flag="--playbook"
        ) from error
    refused = [{"name": r.name, "reason": str(r.reason)} for r in inventory.refused]
    data = {"playbook": str(folder / "playbook.yml"), "refused": refused}
    return Result(f"fleet {name}", data, text=lambda: _say_written(folder, refused))


def _say_written(folder: Path, refused: list[dict[str, str]]) -> None:
    for entry in refused:
        show.note(f"{entry['name']}: {entry['reason']}")
    show.line(_("Written: {path}", path=str(folder / "playbook.yml")))
    show.line(f"  cd {shlex.quote(str(folder))} && ansible-playbook -i hosts.json playbook.yml")


def _make(name: Verb) -> click.Command:
    """Make the command of one verb; only plan, apply and report take wishes."""

    @functools.wraps(run_verb)
    def body(**given: Any) -> Result:  # noqa: ANN401
        return run_verb(name, **given)

    wished = wish_options(body) if name in {"plan", "apply", "report"} else site_option(body)
    if name == "apply":
        wished = room_options(wished)
    return verb(
        f"fleet {name}",
        summary=_SUMMARIES[name],
        examples=(
            f"setup-assistant fleet {name} -i hosts.ini",
            f"setup-assistant fleet {name} -i hosts.ini --limit @failed --report room.html",
            *_MORE.get(name, ()),
        ),
    )(fleet_options(wished))


for _name in get_args(Verb):
    command.add_command(_make(_name))
