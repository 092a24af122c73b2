"""Apply what mends a finding: one confirmed command line after another, never as root."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import setup_assistant
from setup_assistant.doctor.finding import Finding
from setup_assistant.host import run

State = Literal["mended", "failed", "declined", "shown"]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What was done about one finding."""

    id: str
    commands: tuple[str, ...]
    state: State


def mend(
    finding: Finding,
    *,
    agree: Callable[[Finding], bool],
    still_there: Callable[[str, tuple[str, ...]], bool],
    tell: Callable[[str], None],
    dry_run: bool = False,
) -> Attempt:
    """Run a finding's commands where they may be run, and look again.

    Args:
        finding: what fails.
        agree: asks the person.
        still_there: looks again; whether the finding with this id still asks for these commands.
        tell: shows each line of the commands' output.
        dry_run: show only.
    """
    commands = finding.fix.commands if finding.fix else ()
    if finding.fix is None or not finding.fix.automatic or dry_run:
        return Attempt(id=finding.id, commands=commands, state="shown")
    if not agree(finding):
        return Attempt(id=finding.id, commands=commands, state="declined")
    for command in commands:
        if not _run(command, tell):
            return Attempt(id=finding.id, commands=commands, state="failed")
    state: State = "failed" if still_there(finding.id, commands) else "mended"
    return Attempt(id=finding.id, commands=commands, state=state)


def _run(command: str, tell: Callable[[str], None]) -> bool:
    words = shlex.split(command)
    env = None
    if words[0] == "setup-assistant":
        # This very tool, wherever it was started from.
        above = str(Path(setup_assistant.__file__).parent.parent)
        words = [sys.executable, "-m", "setup_assistant.cli.app", *words[1:]]
        env = run.clean_environment({"PYTHONPATH": above})
    outcome = run.run(words, deadline=None, env=env, on_out=tell, on_err=tell)
    return outcome.ok
