"""A run over a fleet: write, play, and sum up."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from setup_assistant.fleet import faults
from setup_assistant.fleet.inventory import Inventory
from setup_assistant.fleet.inventory_rules import Refused
from setup_assistant.fleet.outcome import Outcome
from setup_assistant.fleet.play_loop import Course, Tell
from setup_assistant.fleet.playbook import Job, write
from setup_assistant.fleet.record import Record
from setup_assistant.host import clock, temporary
from setup_assistant.host.temporary import SHORT, SOCKETS
from setup_assistant.messages import Message, msg

# ssh's sockets allow for about a hundred characters.


@dataclass(frozen=True, kw_only=True)
class Ended:
    """All hosts at the end, in the inventory's order."""

    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Those that are not done."""
        return tuple(o for o in self.outcomes if not o.ok)


def run(
    inventory: Inventory,
    job: Job,
    *,
    forks: int,
    record: Record,
    tell: Tell,
) -> Ended:
    """Do a job on every host of an inventory.

    Args:
        inventory: the hosts, checked.
        job: what to do there.
        forks: how many hosts at once.
        record: where outcomes are kept as they come.
        tell: called with a host's name and its outcome, or None while it is at work, and what
            it is doing then.
    """
    started = clock.monotonic()
    before = {h.name: record.machine(h.name) for h in inventory.hosts}
    record.begin(job.title, [h.name for h in inventory.hosts])

    def keep(name: str, outcome: Outcome | None, doing: Message | None) -> None:
        if outcome is not None:
            record.end([outcome.to_json()])
        tell(name, outcome, doing)

    with folders() as (folder, control):
        written = write(folder, job, inventory.hosts, str(control))
        done = Course(inventory.hosts, written, forks, keep).run()
    refused = {r.name: _refused(r) for r in inventory.refused}
    for name, outcome in refused.items():
        keep(name, outcome, None)
    outcomes = [*(done[h.name] for h in inventory.hosts), *refused.values()]
    noted = tuple(_with_notes(o, outcomes, before) for o in outcomes)
    return Ended(outcomes=noted, seconds=round(clock.monotonic() - started, 2))


def _refused(entry: Refused) -> Outcome:
    found = faults.fault("value_refused", host=entry.name, detail=str(entry.reason))
    return Outcome(host=entry.name, status="refused", code=found.code, reason=found.reason,
                   remedy=entry.remedy or found.remedy)  # fmt: skip


def _with_notes(outcome: Outcome, others: Sequence[Outcome], before: Mapping[str, str]) -> Outcome:
    """Say where a host is not the machine it was, or where two names are one machine."""
    notes = list(outcome.notes)
    known = before.get(outcome.host, "")
    if outcome.machine and known and known != outcome.machine:
        notes.append(msg("Another machine answers here than the last time."))
    same = (outcome.machine, outcome.hostname)
    twins = [o.host for o in others if o.host != outcome.host and (o.machine, o.hostname) == same]
    if outcome.machine and twins:
        notes.append(msg("The same machine answers as {hosts}.", hosts=", ".join(twins)))
    elif outcome.hostname != outcome.host and outcome.hostname in {o.host for o in others}:
        notes.append(msg("It calls itself {name}, which is another host of this inventory.",
                         name=outcome.hostname))  # fmt: skip
    sharing = [o.host for o in others if o.home and o.home == outcome.home
               and o.machine != outcome.machine]  # fmt: skip
    if sharing:
        hosts = ", ".join(sharing)
        notes.append(msg("Its home folder is also that of {hosts}: give each a deployment of its "
                         "own with --site, on a disk of its own.", hosts=hosts))  # fmt: skip
    return replace(outcome, notes=tuple(notes))


@contextlib.contextmanager
def folders() -> Iterator[tuple[Path, Path]]:
    """Make the run's folder, and one for ssh's sockets; only their owner can read them."""
    with temporary.folder() as folder, temporary.folder(SOCKETS, above=SHORT) as control:
        yield folder, control
