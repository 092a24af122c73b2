"""What was changed by hand since this tool finished an environment."""

from __future__ import annotations

import shlex
from pathlib import Path

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.packages import NO_PYTHON
from setup_assistant.site.read import read_layout
from setup_assistant.steps import adopt, by_hand
from setup_assistant.steps.environment_preflight import read_marker

layer = Layered("packages")


@layer.check("packages-by-hand", needs=NO_PYTHON)
def packages_by_hand(case: Case) -> Trouble | NotHere | None:
    """Compare the packages with this tool's own record of them; what is to be kept is no news."""
    if case.prefix is None or by_hand.recorded_packages(case.prefix) is None:
        return NOT_HERE
    found = by_hand.undecided(case.prefix, {})
    if not by_hand.to_put_back(found):
        # What was only added is the person's own.
        return None
    marker = read_marker(case.prefix)
    evidence = [(d.name, f"{d.old or '-'} → {d.new or '-'}") for d in found]
    commands: tuple[str, ...] = ()
    site = Path(str(marker.get("site") or "."))
    # What somebody else made changes by their word alone.
    ours = marker.get("engine") != adopt.ENGINE and read_layout(site).env == case.prefix
    if ours:
        commands = (shlex.join(["setup-assistant", "up", "--yes", "--site", str(site)]),)
    said = ", ".join(" ".join(pair) for pair in evidence)
    return trouble(*evidence, status="warn", commands=commands, packages=said)


CHECKS = tuple(layer.checks)
