"""Apply what mends a finding: one confirmed command line after another, never as root."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

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
    still_there: Callable[[str], bool],
    tell: Callable[[str], None],
    dry_run: bool = False,
) -> Attempt:
    """Run a finding's commands where they may be run, and look again.

    Args:
        finding: what fails.
        agree: asks the person.
        still_there: looks again; whether the finding with this id still fails.
        tell: shows each line of the commands' output.
        dry_run: show only.
    """
    commands = finding.fix.commands if finding.fix else ()
    if finding.fix is None or not finding.fix.automatic or dry_run:
        return Attempt(id=finding.id, commands=commands, state="shown")
    if not agree(finding):
        return Attempt(id=finding.id, commands=commands, state="declined")
    for command in commands:
        outcome = run.run(_argv(command), deadline=None, on_out=tell, on_err=tell)
        if not outcome.ok:
            return Attempt(id=finding.id, commands=commands, state="failed")
    state: State = "failed" if still_there(finding.id) else "mended"
    return Attempt(id=finding.id, commands=commands, state=state)


def _argv(command: str) -> list[str]:
    words = shlex.split(command)
    if words[0] == "setup-assistant" and not shutil.which(words[0]):
        return [sys.executable, "-m", "setup_assistant", *words[1:]]
    return words
