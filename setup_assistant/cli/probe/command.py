"""`probe`: show what is true of this machine, or of one whose output was captured."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from setup_assistant import frozen_json
from setup_assistant.cli import options
from setup_assistant.cli.common import verb, written_to
from setup_assistant.cli.result import Result
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import _


@click.option(
    "--from",
    "captures",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help=_("Read captured output of nvidia-smi instead of this machine (repeatable)."),
)
@click.option(
    "--host",
    metavar="NAME",
    help=_("Which computer is meant, by name or number, where the text tells of several."),
)
@options.SITE
@click.option("--no-sources", is_flag=True, help=_("Do not visit package and model sources."))
@click.option(
    "--deadline",
    type=click.FloatRange(min=1),
    default=8.0,
    metavar="SECONDS",
    help=_("Answer after this time, whatever is still missing."),
)
@click.option(
    "--save",
    "-o",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Also write it as JSON."),
)
@verb(
    "probe",
    summary=_("Show what is true of this machine: driver, GPUs, memory, disks, tools, sources."),
    examples=(
        "setup-assistant probe",
        "setup-assistant probe --no-sources --save machine.json",
        "setup-assistant probe --from nvidia-smi.txt --from nvidia-smi-L.txt",
    ),
)
def command(
    captures: tuple[Path, ...],
    host: str | None,
    site: Path | None,
    *,
    no_sources: bool,
    deadline: float,
    save: Path | None,
) -> Result:
    """Probe, save, show."""
    machine = _machine(captures, host, site, not no_sources, deadline)
    data = frozen_json.to_builtins(machine)
    if save:
        from setup_assistant.host import files
        from setup_assistant.host.secrets import redact_json

        with written_to("--save"):
            files.write_json(save, redact_json(data))
    return Result("probe", data=data, text=partial(_show, machine))


def _machine(
    captures: tuple[Path, ...], host: str | None, site: Path | None, sources: bool, deadline: float
) -> Machine:
    if captures:
        return _captured(captures, host)
    from setup_assistant.cli.terminal.progress import busy
    from setup_assistant.machine.probe import probe

    with busy(_("Looking at this machine"), expected_seconds=deadline):
        return probe(site=site, sources=sources, deadline=deadline)


def _captured(captures: tuple[Path, ...], host: str | None) -> Machine:
    """Read captures; where they tell of several computers, ask which is meant."""
    from setup_assistant.cli.terminal import ask, show
    from setup_assistant.cli.terminal.question import Choice, Extras
    from setup_assistant.machine.captures import read

    try:
        return read(captures, host)
    except SetupError as error:
        if error.code != "several_machines" or host or show.is_json() or not ask.interactive():
            raise
        # As the sentence has them: "1: gpu01, NVIDIA L40S, driver 570.86.10; 2: …".
        told = [part.partition(": ") for part in str(error.args_["machines"]).split("; ")]
    meant = ask.select(
        _("The text tells of several computers. Which is meant?"),
        [Choice(number, title) for number, _colon, title in told],
        default=told[0][0],
        flag="--host",
        extras=Extras(
            why=ask.told(_("A plan is for one computer; run this again with --host for another."))
        ),
    )
    return read(captures, meant)


def _show(machine: Machine) -> None:
    from setup_assistant.cli.probe.machine_text import show_machine

    show_machine(machine)
