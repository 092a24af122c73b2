"""The remedies of one run as one plan: in the order in which they mend, none undoing another."""

from __future__ import annotations

from collections.abc import Iterable

from setup_assistant.doctor.finding import Finding
from setup_assistant.doctor.install_words import installing


def remedy_plan(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return the commands of all root causes, in order.

    What follows from another cause has no say, and a package that an earlier command brings is not
    brought again: what was built for it first decides. What two causes share is done once, after
    everything that either of them wants done before.

    Args:
        findings: as they were looked for, what lies deeper first.
    """
    plan: list[str] = []
    brought: set[str] = set()
    for finding in findings:
        if finding.status != "fail" or finding.consequence_of or finding.fix is None:
            continue
        wanted: list[str] = []
        for command in finding.fix.commands:
            asked = installing(command)
            if asked is not None:
                if set(asked.names) <= brought:
                    continue
                brought.update(asked.names)
            wanted.append(command)
        place = len(plan)
        for command in reversed(wanted):
            if command in plan:
                place = min(place, plan.index(command))
            else:
                plan.insert(place, command)
    return tuple(plan)
