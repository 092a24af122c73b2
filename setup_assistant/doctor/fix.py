"""Apply what mends a finding: foreseen, confirmed, done, judged, and taken back where it harms.

Never as root. What changes an environment is one move: either the named cause is gone and nothing
else is worse, or every file is as it was.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import setup_assistant
from setup_assistant.doctor import situation
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.finding import Finding
from setup_assistant.doctor.foresee import Act, Foreseen, foresee
from setup_assistant.errors import SetupError
from setup_assistant.host import kept_environment, removal, run, temporary
from setup_assistant.host.prefix import Change, packages, site_packages
from setup_assistant.host.removal_proofs import Both, Proof, called, seen
from setup_assistant.messages import msg
from setup_assistant.steps.backends import uv

State = Literal["mended", "failed", "declined", "shown", "refused", "taken-back"]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What was done about one finding.

    `changes` are all packages that the remedy changes; `detail` says why it was refused, or why
    it was taken back.
    """

    id: str
    commands: tuple[str, ...]
    state: State
    changes: tuple[Change, ...] = ()
    detail: str = ""


def mend(
    finding: Finding,
    *,
    agree: Callable[[Finding, tuple[Change, ...]], bool],
    judge: Callable[[Finding], str],
    tell: Callable[[str], None],
    roots: Sequence[Path] = (),
    prefix: Path | None = None,
    dry_run: bool = False,
) -> Attempt:
    """Run a finding's commands where they may be run, look again, and take back what harms.

    Args:
        finding: what fails.
        agree: asks the person, who is shown every package that changes.
        judge: looks again; says why the remedy is to be taken back, or nothing.
        tell: shows each line of the commands' output.
        roots: the only folders in which a command may remove something.
        prefix: the environment that the commands change; None where they change none.
        dry_run: show only.

    Raises:
        SetupError: the environment cannot be kept, or not be put back.
    """
    commands = finding.fix.commands if finding.fix else ()
    done = partial(Attempt, id=finding.id, commands=commands)
    if finding.fix is None or not finding.fix.automatic:
        return done(state="shown")
    with temporary.folder() as scratch:
        seen_now = {path: seen(path) for path in _gone(commands)}
        plan = Foreseen(acts=tuple(Act(command=c) for c in commands))
        if prefix is not None:
            plan = foresee(prefix, commands, situation.site_pins(prefix)[0], scratch)
        done = partial(done, changes=plan.changes)
        if plan.refused:
            return done(state="refused", detail=plan.refused)
        if dry_run:
            return done(state="shown")
        if not agree(finding, plan.changes):
            return done(state="declined")
        if prefix is None:
            ran = all(_run(act, tell, roots, seen_now) for act in plan.acts)
            return done(state="failed" if not ran or judge(finding) else "mended")
        return _in_environment(prefix, plan, done, lambda a: _run(a, tell, roots, seen_now),
                               lambda: judge(finding))  # fmt: skip


def _in_environment(
    prefix: Path,
    plan: Foreseen,
    done: Callable[..., Attempt],
    do: Callable[[Act], bool],
    judge: Callable[[], str],
) -> Attempt:
    """Change an environment, which is put back where that did not mend, or harmed."""
    kept_environment.take(prefix)
    why = ""
    try:
        if not all(do(act) for act in plan.acts):
            why = str(msg("a command failed"))
        why = why or _other_than(plan, prefix) or judge()
    except BaseException:
        kept_environment.put_back(prefix)
        raise
    if not why:
        kept_environment.forget(prefix)
        return done(state="mended")
    kept_environment.put_back(prefix)
    return done(state="taken-back", detail=why)


def _other_than(plan: Foreseen, prefix: Path) -> str:
    """Return what became other than was shown; empty where nothing did."""
    now = packages(prefix)
    odd = [c.name for c in plan.changes if now.get(c.name) != c.new]
    return str(msg("other packages changed than were shown: {names}", names=", ".join(odd))) if (
        odd) else ""  # fmt: skip


def roots_of(finding: Finding, case: Case) -> tuple[Path, ...]:
    """Return the folders in which what mends a finding may remove something."""
    if finding.layer == "weights":
        return (case.folder,) if case.folder else ()
    if finding.layer == "packages":
        return (case.prefix, *site_packages(case.prefix)) if case.prefix else ()
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
    act: Act, tell: Callable[[str], None], roots: Sequence[Path], shown: Mapping[Path, Proof]
) -> bool:
    command = act.command
    words = shlex.split(command)
    env = None
    if act.words:
        with temporary.folder() as scratch:
            done = run.run([uv.uv_program(), *act.words], deadline=None, on_out=tell, on_err=tell,
                           env=uv.environment(scratch))  # fmt: skip
        return done.ok
    if words[0] == "rm":
        return _removed(command, tell, roots, shown)
    if words[0] == "setup-assistant":
        # This very tool, wherever it was started from.
        above = str(Path(setup_assistant.__file__).parent.parent)
        words = [sys.executable, "-m", "setup_assistant.cli.app", *words[1:]]
        env = run.clean_environment({"PYTHONPATH": above})
    outcome = run.run(words, deadline=None, env=env, on_out=tell, on_err=tell)
    return outcome.ok
