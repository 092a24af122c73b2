"""A run over a fleet: write, play, listen, look twice at what broke, and sum up."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from setup_assistant.fleet import engine, faults, reach
from setup_assistant.fleet.answers import outcome_of
from setup_assistant.fleet.engine import Event
from setup_assistant.fleet.faults import Fault, fault
from setup_assistant.fleet.inventory import Inventory
from setup_assistant.fleet.outcome import Outcome
from setup_assistant.fleet.playbook import Job, Written, write
from setup_assistant.fleet.record import Record
from setup_assistant.fleet.safe import Host
from setup_assistant.host import clock
from setup_assistant.words import msg

# How often a host is tried anew whose connection broke, though it can be reached.
_AGAIN = 2
_PAUSE_SECONDS = 1.0
_PREFIX = "setup-assistant-fleet-"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """All hosts at the end, in the inventory's order."""

    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Those that are not done."""
        return tuple(o for o in self.outcomes if not o.ok)


@dataclass
class _State:
    """What is known while a run goes on. A host that has answered or failed for good is done."""

    hosts: dict[str, Host]
    written: Written
    tell: Callable[[str, Outcome | None], None]
    contacted: set[str] = field(default_factory=set)
    done: dict[str, Outcome] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    looks: list[threading.Thread] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def run(
    inventory: Inventory,
    job: Job,
    *,
    forks: int,
    record: Record,
    tell: Callable[[str, Outcome | None], None],
) -> Ended:
    """Do a job on every host of an inventory.

    Args:
        inventory: the hosts, checked.
        job: what to do there.
        forks: how many hosts at once.
        record: where outcomes are kept as they come.
        tell: called with a host's name and its outcome, or None while it is at work.
    """
    started = clock.monotonic()
    before = {h.name: record.machine(h.name) for h in inventory.hosts}
    record.begin(job.title, [h.name for h in inventory.hosts])

    def keep(name: str, outcome: Outcome | None) -> None:
        if outcome is not None:
            record.end([outcome.to_json()])
        tell(name, outcome)

    with _folders() as (folder, control):
        written = write(folder, job, inventory.hosts, str(control))
        state = _State({h.name: h for h in inventory.hosts}, written, keep)
        _rounds(state, forks)
    refused = {r.name: _refused(r.name, faults.fault("value_refused", host=r.name,
               detail=str(r.reason))) for r in inventory.refused}  # fmt: skip
    for name, outcome in refused.items():
        keep(name, outcome)
    outcomes = [*(state.done[h.name] for h in inventory.hosts), *refused.values()]
    noted = tuple(_with_notes(o, outcomes, before) for o in outcomes)
    return Ended(outcomes=noted, seconds=round(clock.monotonic() - started, 2))


def _rounds(state: _State, forks: int) -> None:
    """Play, and play again for those whose connection broke though they can be reached."""
    waiting = list(state.hosts)
    for attempt in range(1 + _AGAIN):
        if not waiting:
            return
        last = attempt == _AGAIN
        if attempt:
            clock.sleep(_PAUSE_SECONDS)
        _play(state, waiting, forks)
        for look in state.looks:
            look.join()
        state.looks.clear()
        state.broken.clear()
        waiting = [n for n, f in state.faults.items() if f.again and not last]
        for name, found in state.faults.items():
            if name not in waiting:
                _finish(state, _failed(state.hosts[name], found))
        state.faults.clear()


def _play(state: _State, names: Sequence[str], forks: int) -> None:
    outcome = engine.play(
        state.written.folder,
        hosts=names,
        forks=max(1, min(forks, len(names))),
        secrets=state.written.secrets,
        on_event=lambda event: _hear(state, event),
    )
    for name in names:
        if name not in state.done and name not in state.faults and name not in state.broken:
            detail = engine.last_words(outcome)
            state.faults[name] = fault("engine_failed", host=name, detail=detail)


def _hear(state: _State, event: Event) -> None:
    host = state.hosts.get(event.host)
    if host is None:
        return
    if event.event == "unreachable":
        place = reach.target(host)
        found = faults.of_connection(
            event, port=place.port, target=place.host, contacted=host.name in state.contacted
        )
        _stumble(state, host, found)
        return
    state.contacted.add(event.host)
    if event.task == "Start" and event.event in {"ok", "failed"}:
        _answered(state, host, event)
    elif event.event == "failed":
        look = event.task == "Look"
        _stumble(state, host, faults.of_look(event) if look else faults.of_task(event))
    elif event.task == "Look" or event.event == "running":
        with state.lock:
            state.tell(host.name, None)


def _answered(state: _State, host: Host, event: Event) -> None:
    found = outcome_of(event, state.written.nonces[host.name])
    if isinstance(found, Fault):
        _stumble(state, host, found)
    else:
        _finish(state, replace(found, groups=host.groups))


def _stumble(state: _State, host: Host, found: Fault) -> None:
    """Keep a fault that another attempt may mend; any other is told at once."""
    if found.code == "connection_broke":
        # Meanwhile, so that a host that is gone is told while the others still work.
        state.broken.add(host.name)
        look = threading.Thread(target=_look_again, args=(state, host, found), daemon=True)
        state.looks.append(look)
        look.start()
    elif found.again:
        state.faults[host.name] = found
    else:
        _finish(state, _failed(host, found))


def _look_again(state: _State, host: Host, found: Fault) -> None:
    seen = reach.second_look(host, found)
    if seen.again:
        state.faults[host.name] = seen
    else:
        _finish(state, _failed(host, seen))


def _finish(state: _State, outcome: Outcome) -> None:
    with state.lock:
        state.done[outcome.host] = outcome
        state.tell(outcome.host, outcome)


_SSH = frozenset(
    {"host_down", "no_ssh_server", "name_unknown", "host_key_unknown", "host_key_changed",
     "login_refused", "connection_lost", "ssh_stopped", "connection_broke", "ssh_failed"}
)  # fmt: skip


def _failed(host: Host, found: Fault) -> Outcome:
    return Outcome(
        host=host.name,
        status="unreachable" if found.code in _SSH else "failed",
        code=found.code,
        reason=found.reason,
        remedy=found.remedy,
        groups=host.groups,
    )


def _refused(name: str, found: Fault) -> Outcome:
    return Outcome(host=name, status="refused", code=found.code, reason=found.reason,
                   remedy=found.remedy)  # fmt: skip


def _with_notes(outcome: Outcome, others: Sequence[Outcome], before: Mapping[str, str]) -> Outcome:
    """Say where a host is not the machine it was, or where two names are one machine."""
    notes = []
    known = before.get(outcome.host, "")
    if outcome.machine and known and known != outcome.machine:
        notes.append(msg("Another machine answers here than the last time."))
    same = (outcome.machine, outcome.hostname)
    twins = [o.host for o in others if o.host != outcome.host and (o.machine, o.hostname) == same]
    if outcome.machine and twins:
        notes.append(msg("The same machine answers as {hosts}.", hosts=", ".join(twins)))
    return replace(outcome, notes=tuple(notes))


@contextlib.contextmanager
def _folders() -> Iterator[tuple[Path, Path]]:
    """Make the run's folder, which only its owner can read, gone afterwards."""
    _tidy()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    # ssh's sockets allow for about a hundred characters.
    control = Path(tempfile.mkdtemp(prefix="sa-", dir="/tmp"))
    try:
        yield folder, control
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(control, ignore_errors=True)


def _tidy() -> None:
    """Remove the folders of runs that were killed: ours, of processes that are gone."""
    import psutil

    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        number = left.name.removeprefix(_PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            own = left.stat().st_uid == os.getuid() and not left.is_symlink()
            if own and number.isdigit() and not psutil.pid_exists(int(number)):
                shutil.rmtree(left, ignore_errors=True)
