"""Whether an environment is worse after a remedy than before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.doctor.finding import Diagnosis, Finding
from setup_assistant.doctor.install import Install
from setup_assistant.doctor.requirements import unmet
from setup_assistant.messages import msg

# Layers that a remedy for an environment can change.
_OWN = ("environment", "packages", "runtime")


@dataclass(frozen=True, kw_only=True)
class State:
    """What was found in an environment, the requirements that are not met, and its packages."""

    found: Diagnosis
    unmet: frozenset[tuple[str, str]] = frozenset()
    packages: frozenset[tuple[str, str]] = frozenset()


def state(prefix: Path | None, found: Diagnosis) -> State:
    """Return the state of an environment."""
    if prefix is None or not prefix.is_dir():
        return State(found=found)
    install = Install(prefix)
    names = tuple(install.by_name)
    lacking = frozenset((n.asked_by, n.text) for n in unmet(install, names))
    held = frozenset((d.name, d.version) for d in install.dists)
    return State(found=found, unmet=lacking, packages=held)


def why_back(finding: Finding, before: State, now: State, pins: Mapping[str, str]) -> str:
    """Return why the remedy of a finding is to be taken back; empty where it may stay.

    Args:
        finding: what was to be mended.
        before: the environment before.
        now: the environment after.
        pins: name → version of the site's lock.
    """
    if _still(finding, now.found):
        return str(msg("the cause is still there"))
    left = {n for n, v in now.packages - before.packages if pins.get(n, v) != v}
    if left:
        return str(msg("{names} left the versions of the site", names=", ".join(sorted(left))))
    proved = _proved(now.found) and not _proved(before.found)
    lacking = sorted(now.unmet - before.unmet)
    if lacking and not proved:
        asking, need = lacking[0]
        return str(msg("{package} now lacks {need}", package=asking, need=need))
    worse = _worse(before.found, now.found)
    return str(msg("{id} fails now, and did not before", id=worse)) if worse else ""


def _still(finding: Finding, found: Diagnosis) -> bool:
    """Whether the same cause is named again, with the same remedy or the same evidence."""
    commands = finding.fix.commands if finding.fix else ()
    return any(
        f.id == finding.id
        and ((f.fix is not None and f.fix.commands == commands) or f.evidence == finding.evidence)
        for f in found.findings
        if f.status in ("fail", "warn")
    )


def _worse(before: Diagnosis, now: Diagnosis) -> str:
    """Return what was well before and fails now; what could not be judged before is not worse."""
    well = {f.id for f in before.findings if f.status in ("ok", "warn") and f.layer in _OWN}
    # Nor does anything fail inside the environment where everything ran before.
    ran = _proved(before)
    return next((f.id for f in now.failed if f.id in well or (ran and f.layer == "runtime")), "")


def _proved(found: Diagnosis) -> bool:
    live = [f for f in found.findings if f.layer == "runtime"]
    return any(f.status == "ok" for f in live) and not any(f.status == "fail" for f in live)
