"""The probe: everything true of this computer, within a deadline, without ever raising.

Each part runs in a thread of its own. What does not end in time (a hung driver, a dead
network disk) is left behind and named as unknown; the rest is kept.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from setup_assistant.host import clock, log
from setup_assistant.machine.facts import Machine, Memory, System, Unknown
from setup_assistant.messages import Message, msg

if TYPE_CHECKING:
    from setup_assistant.machine.reading import Reading

T = TypeVar("T")
# Shares of the deadline: NVML first; nvidia-smi with what is left, but never all of it.
_NVML_SHARE, _SMI_SHARE = 0.45, 0.40
# Kept back for putting everything together after the slowest part was given up.
RESERVE = 0.3


def probe(
    *,
    site: Path | None = None,
    sources: bool = True,
    root: Path = Path("/"),
    deadline: float = 8.0,
    reserve: float = RESERVE,
    meanwhile: Callable[[], object] | None = None,
) -> Machine:
    """Return the machine. Never raises by itself; each unknown carries its reason.

    Args:
        site: the folder of the deployment, whose disk is measured.
        sources: whether to visit the sources of packages and weights.
        root: where /proc, /sys, /etc and /dev are looked for.
        deadline: seconds after which the answer is given, whatever is still missing.
        reserve: seconds of it that are kept for the end; a busy computer needs more of them.
        meanwhile: called while the parts are being asked; what it raises passes through.
    """
    started = clock.monotonic()
    span = max(0.1, deadline - reserve)
    # First, so that NVML's process starts while the rest of this package is still loading.
    parts: dict[str, _Part[Any]] = {"gpus": _Part(partial(_gpu_readings, span))}
    parts |= _other_parts(site, sources, root, span)
    if meanwhile is not None:
        meanwhile()
    unknown = [
        Unknown(field=name, reason=why.english)
        for name, part in parts.items()
        if (why := part.wait(started + span)) is not None
    ]
    try:
        return _machine({name: part.found for name, part in parts.items()}, unknown, root)
    except Exception as error:  # noqa: BLE001 - the probe's promise
        log.exception("probe", error)
        reason = msg("Something went wrong inside the probe; the log has the details.").english
        return Machine(probed_at=clock.now(), unknown=(Unknown(field="machine", reason=reason),))


def _other_parts(
    site: Path | None, sources: bool, root: Path, span: float
) -> dict[str, _Part[Any]]:
    from setup_assistant.machine import disks, host, kernel, tools

    parts: dict[str, _Part[Any]] = {
        "kernel": _Part(partial(kernel.read, root)),
        "system": _Part(lambda: (host.system(root),)),
        "memory": _Part(lambda: (host.memory(root),)),
        "disks": _Part(partial(disks.read, site)),
        "tools": _Part(partial(tools.read, span * 0.5)),
    }
    if sources:
        from setup_assistant.machine import sources as visits

        parts["sources"] = _Part(partial(visits.read, span * 0.6))
    # Loaded while the parts run, not after them.

    return parts


class _Part(Generic[T]):
    """One part of the probe in a thread of its own; results are kept as they come."""

    def __init__(self, call: Callable[[], Iterable[T]]) -> None:
        self._call = call
        self._found: list[T] = []
        self._failed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def found(self) -> tuple[T, ...]:
        """What is known so far."""
        return tuple(self._found)

    def wait(self, until: float) -> Message | None:
        """Wait until the clock shows `until`; return why the part is incomplete, or None."""
        self._thread.join(max(0.0, until - clock.monotonic()))
        if self._thread.is_alive():
            return msg("No answer in time.")
        return msg("Asking failed; the log has the details.") if self._failed else None

    def _run(self) -> None:
        try:
            for value in self._call():
                self._found.append(value)
        except BaseException as error:  # noqa: BLE001 - whatever a part does, the probe goes on
            log.exception("probe part", error)
            self._failed = True


def _gpu_readings(span: float) -> Iterable[Reading]:
    """Yield NVML's reading, then nvidia-smi's where NVML left something out."""
    from setup_assistant.machine import nvml_ask

    limit = span * _NVML_SHARE
    outcome = nvml_ask.ask(limit)
    # Late: what reads the answer is loaded by the other thread while the child is busy.
    from setup_assistant.machine import nvml

    first = nvml.of_outcome(outcome, limit)
    yield first
    if first.cards and not first.faults and not any(c.trouble for c in first.cards):
        return
    from setup_assistant.machine import smi_live

    yield from smi_live.read(span * _SMI_SHARE)


def _machine(said: dict[str, tuple[Any, ...]], unknown: list[Unknown], root: Path) -> Machine:
    from setup_assistant.machine import cuda_visible_devices, explain, verdicts
    from setup_assistant.machine.fill_gaps import complete
    from setup_assistant.machine.join import join

    system: System = next(iter(said["system"]), System())
    memory: Memory = next(iter(said["memory"]), Memory())
    readings = explain.readings(
        said["gpus"],
        said["kernel"],
        system=system,
        root=root,
        stuck=any(u.field == "gpus" for u in unknown),
    )
    whole = complete(join(readings), memory=memory, jetson=system.jetson)
    silent = explain.without_voice(whole.gpus, said["gpus"], system)
    shown, doubts = cuda_visible_devices.apply(silent, os.environ)
    return Machine(
        system=system,
        driver=whole.driver,
        gpus=shown,
        memory=memory,
        disks=said["disks"],
        tools=said["tools"],
        sources=said.get("sources", ()),
        verdicts=tuple(verdicts.verdict(f) for f in whole.faults),
        unknown=(*unknown, *whole.unknown, *doubts, *_gaps(system, memory, said)),
        visible_devices=os.environ.get("CUDA_VISIBLE_DEVICES"),
        probed_at=clock.now(),
    )


def _gaps(system: System, memory: Memory, said: dict[str, tuple[Any, ...]]) -> Iterable[Unknown]:
    """Yield what the other parts could not learn."""
    if system.os == "Linux" and system.glibc is None:
        reason = msg("This Linux does not use glibc; the usual wheels do not run on it.")
        yield Unknown(field="system.glibc", reason=reason.english)
    if memory.total_bytes is None:
        reason = msg("The system does not say how much memory it has.")
        yield Unknown(field="memory.total_bytes", reason=reason.english)
    for disk in said["disks"]:
        if disk.free_bytes is None:
            reason = msg("The disk of this folder cannot be asked.")
            yield Unknown(field=f"disks.{disk.role}", reason=reason.english)
