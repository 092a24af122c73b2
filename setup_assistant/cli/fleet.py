"""`fleet`: the same verbs on many machines, over the person's own inventory."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from setup_assistant.cli import show
from setup_assistant.cli.common import verb
from setup_assistant.cli.wishes import wish_options
from setup_assistant.errors import SetupError
from setup_assistant.fleet.verbs import Verb
from setup_assistant.result import Result
from setup_assistant.words import _

if TYPE_CHECKING:
    from setup_assistant.fleet.inventory import Inventory
    from setup_assistant.fleet.playbook import Job
    from setup_assistant.fleet.record import Record

F = TypeVar("F", bound=Callable[..., object])
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


def fleet_options(function: F) -> F:
    """Add what every verb of a fleet takes."""
    for option in reversed(_options()):
        function = option(function)
    return function


def _options() -> list[Callable[[F], F]]:
    return [
        click.option(
            "-i",
            "--inventory",
            required=True,
            metavar="FILE",
            help=_("Ansible's inventory: ini, yaml, a folder of these, or names with commas."),
        ),
        click.option(
            "--limit",
            default="",
            metavar="PATTERN",
            help=_("Only these hosts, as Ansible has it; @failed: those the last run left over."),
        ),
        click.option(
            "-u", "--user", default="", metavar="NAME", help=_("Account, where none is named.")
        ),
        click.option(
            "--private-key",
            "key",
            default="",
            metavar="FILE",
            help=_("SSH key, where none is named; ssh's own configuration counts besides."),
        ),
        click.option(
            "--forks",
            type=click.IntRange(1, 500),
            help=_("How many hosts at once; by default all, at most 40."),
        ),
        click.option("--check", is_flag=True, help=_("Change nothing: show what would be done.")),
        click.option("--become", is_flag=True, help=_("Work as root there, by sudo.")),
        click.option(
            "--timeout",
            type=click.FloatRange(min=10),
            default=6 * 3600.0,
            metavar="SECONDS",
            help=_("Give a host up after this time; its job goes on there."),
        ),
        click.option(
            "--report",
            "report",
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help=_("Also write the report of the room: FILE.html, .csv or .json."),
        ),
        click.option(
            "--playbook",
            type=click.Path(path_type=Path, file_okay=False),
            metavar="DIR",
            help=_("Run nothing: write the playbook for ansible-playbook into DIR."),
        ),
    ]


def run_verb(name: Verb, **given: Any) -> Result:  # noqa: ANN401 - click's own options
    """Run one verb on every host."""
    from setup_assistant.cli import fleet_text
    from setup_assistant.fleet import jobs
    from setup_assistant.fleet.inventory import logging_in
    from setup_assistant.fleet.record import Record

    own = {k: given.pop(k) for k in ("inventory", "limit", "forks", "report", "playbook")}
    how = {k: given.pop(k) for k in ("check", "become", "timeout")}
    account = {k: given.pop(k) for k in ("user", "key")}
    room = {k: given.pop(k, None) for k in ("bundles", "signer", "rate", "serve")}
    if own["report"] is not None:
        fleet_text.must_be_known(own["report"])
    job = jobs.job_of(name, given, **how)
    _need_engine()
    record = Record(own["inventory"])
    inventory = read_inventory(own["inventory"], own["limit"], record)
    inventory = logging_in(inventory, str(account["user"]), str(account["key"]))
    if own["playbook"] is not None:
        return _write(name, inventory, job, own["playbook"])
    if room["bundles"]:
        from setup_assistant.cli.fleet_room import with_bundle

        with with_bundle(inventory, room, how, str(given.get("site") or "")) as job:
            return _play(name, inventory, job, record, own)
    return _play(name, inventory, job, record, own)


def _play(name: str, inventory: Inventory, job: Job, record: Record, own: dict[str, Any]) -> Result:
    from setup_assistant.cli import fleet_text
    from setup_assistant.fleet import run

    forks = own["forks"] or min(_MOST_FORKS, max(1, len(inventory.hosts)))
    with fleet_text.watching([h.name for h in inventory.hosts]) as tell:
        ended = run.run(inventory, job, forks=forks, record=record, tell=tell)
    return fleet_text.result(name, own["inventory"], ended, own["report"])


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
    from setup_assistant.cli import ask
    from setup_assistant.fleet import engine

    if engine.available():
        return
    if show.is_json() or not ask.interactive():
        raise engine.missing()
    if not ask.confirm(
        _("Ansible is needed for this and is not installed. Install it beside this tool?"),
        default=True,
        flag=engine.REQUIREMENT,
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
    show.line(f"  cd {folder} && ansible-playbook -i hosts.json playbook.yml")


def _make(name: Verb) -> click.Command:
    """Make the command of one verb; only plan, apply and report take wishes."""

    @functools.wraps(run_verb)
    def body(**given: Any) -> Result:  # noqa: ANN401
        return run_verb(name, **given)

    wished = wish_options(body) if name in {"plan", "apply", "report"} else _site_only(body)
    if name == "apply":
        from setup_assistant.cli.fleet_room import room_options

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


def _site_only(function: F) -> F:
    option = click.option("--site", metavar="DIR", help=_("Folder of the deployment."))
    return option(function)


for _name in get_args(Verb):
    command.add_command(_make(_name))
