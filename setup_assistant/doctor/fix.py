"""Apply what mends a finding: one confirmed command line after another, never as root."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import setup_assistant
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.finding import Finding
from setup_assistant.errors import SetupError
from setup_assistant.host import removal, run
from setup_assistant.host.removal_proofs import Both, Proof, called, seen

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
    roots: Sequence[Path] = (),
    dry_run: bool = False,
) -> Attempt:
    """Run a finding's commands where they may be run, and look again.

    Args:
        finding: what fails.
        agree: asks the person.
        still_there: looks again; whether the finding with this id still asks for these commands.
        tell: shows each line of the commands' output.
        roots: the only folders in which a command may remove something.
        dry_run: show only.
    """
    commands = finding.fix.commands if finding.fix else ()
    if finding.fix is None or not finding.fix.automatic or dry_run:
        return Attempt(id=finding.id, commands=commands, state="shown")
    shown = {path: seen(path) for path in _gone(commands)}
    if not agree(finding):
        return Attempt(id=finding.id, commands=commands, state="declined")
    for command in commands:
        if not _run(command, tell, roots, shown):
            return Attempt(id=finding.id, commands=commands, state="failed")
    state: State = "failed" if still_there(finding.id, commands) else "mended"
    return Attempt(id=finding.id, commands=commands, state=state)


def roots_of(finding: Finding, case: Case) -> tuple[Path, ...]:
    """Return the folders in which what mends a finding may remove something."""
    if finding.layer == "weights":
        return (case.folder,) if case.folder else ()
    if finding.layer == "packages":
        return (case.install.prefix, *case.install.folders) if case.install else ()
    return (case.cwd,) if finding.id == "redirected-output" else ()


def _gone(commands: Sequence[str]) -> list[Path]:
    """Return what commands would remove."""
    removals = (words[words.index("--") + 1 :] for words in map(shlex.split, commands)
                if words[0] == "rm" and "--" in words)  # fmt: skip
    return [Path(os.path.abspath(path)) for paths in removals for path in paths]  # noqa: PTH100


def _removed(
    command: str, tell: Callable[[str], None], roots: Sequence[Path], shown: Mapping[Path, Proof]
) -> bool:
    """Do what `rm` would, through the one door for that, in the finding's own folder."""
    recursive = "-r" in shlex.split(command.partition("--")[0])
    for path in _gone([command]):
        place = path.parent.resolve() / path.name
        root = next((r for r in map(Path.resolve, roots) if r in place.parents), None)
        proof = Both((shown[path], called(place, folders=recursive)))
        # Without a folder of the finding's it lies outside of every one, and that is said.
        under = root or (roots[0] if roots else place)
        try:
            removal.remove(place, under=under, proof=proof)
        except SetupError as error:
            tell(str(error.message))
            return False
    return True


def _run(
    command: str, tell: Callable[[str], None], roots: Sequence[Path], shown: Mapping[Path, Proof]
) -> bool:
    words = shlex.split(command)
    env = None
    if words[0] == "rm":
        return _removed(command, tell, roots, shown)
    if words[0] == "setup-assistant":
        # This very tool, wherever it was started from.
        above = str(Path(setup_assistant.__file__).parent.parent)
        words = [sys.executable, "-m", "setup_assistant.cli.app", *words[1:]]
        env = run.clean_environment({"PYTHONPATH": above})
    outcome = run.run(words, deadline=None, env=env, on_out=tell, on_err=tell)
    return outcome.ok
