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
_SLICE_SECONDS, _PATIENT_SHARE = 0.05, 5.0
# What nvidia-smi may take, as a share of the deadline, where NVML left something out.
_SMI_SHARE = 1.0
# Seconds for ending a child that does not come back: asked politely, then not.
_ENDING_SECONDS = 4.5
# Kept back for putting everything together after the slowest part was given up.
RESERVE = 0.3


def probe(
    *,
    site: Path | None = None,
    sources: bool = True,
    root: Path = Path("/"),
    deadline: float = 8.0,
    meanwhile: Callable[[], object] | None = None,
) -> Machine:
    """Return the machine. Never raises by itself; each unknown carries its reason.

    Args:
        site: the folder of the deployment, whose disk is measured.
        sources: whether to visit the sources of packages and weights.
        root: where /proc, /sys, /etc and /dev are looked for.
        deadline: seconds after which the answer is given, whatever is still missing; but a
            driver that shows signs of life is waited for (`nvml_ask.Course`), and so is what a
            slow computer still works on (`clock.Patience`).
        meanwhile: called while the parts are being asked; what it raises passes through.
    """
    span = max(0.1, deadline - RESERVE)
    patience = clock.Patience(span)
    # First, so that NVML's process starts while the rest of this package is still loading.
    asking = _Asking(span)
    parts: dict[str, _Part[Any]] = {"gpus": _Part(partial(_gpu_readings, asking))}
    parts |= _other_parts(site, sources, root, span)
    if meanwhile is not None:
        meanwhile()
    # The driver first: what it takes longer, the others may take too.
    parts["gpus"].wait(lambda: not patience.over() or asking.alive())
    unknown = [
        Unknown(field=name, reason=why.english)
        for name, part in parts.items()
        if (why := part.wait(partial(_more, patience, name))) is not None
    ]
    found = {name: part.found for name, part in parts.items()}
    try:
        return _machine(found, unknown, root, asking)
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
    return parts


def _more(patience: clock.Patience, name: str) -> bool:
    """Whether a part may take longer: what only reads files of this computer cannot hang."""
    return not patience.over(1.0 if name in ("disks", "sources", "gpus") else _PATIENT_SHARE)


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

    def wait(self, alive: Callable[[], bool]) -> Message | None:
        """Wait while `alive`; return why the part is incomplete, or None."""
        while self._thread.is_alive() and alive():
            self._thread.join(_SLICE_SECONDS)
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


class _Asking:
    """What the driver is being asked, and for how long an answer may still come."""

    def __init__(self, span: float) -> None:
        from setup_assistant.machine import nvml_ask

        self.span = span
        self.course = nvml_ask.Course(span)
        self.until: float | None = None

    def alive(self) -> bool:
        """Whether the driver may still answer: it said something lately, or was just asked."""
        ends = self.course.ends if self.until is None else self.until
        return clock.monotonic() < ends + _ENDING_SECONDS

    def stuck(self) -> str | None:
        """Return the call that was entered and did not return, or the program that was begun."""
        return self.course.call if self.until is None else "nvidia-smi"


def _gpu_readings(asking: _Asking) -> Iterable[Reading]:
    """Yield NVML's reading, then nvidia-smi's where NVML left something out."""
    from setup_assistant.machine import nvml_ask

    outcome = nvml_ask.ask(asking.span, asking.course)
    # Late: what reads the answer is loaded by the other thread while the child is busy.
    from setup_assistant.machine import nvml

    first = nvml.of_outcome(outcome, asking.course)
    yield first
    serious = [f for f in first.faults if f.id != "driver_slow"]
    if first.cards and not serious and not any(c.trouble for c in first.cards):
        asking.until = clock.monotonic()
        return
    from setup_assistant.machine import smi_live

    # A driver that hung in NVML hangs here too; a slow one gets its time.
    hung = any(f.id == "nvml_hangs" for f in serious)
    limit = asking.span * (_SMI_SHARE if hung else nvml_ask.CALL_SHARE)
    asking.until = clock.monotonic() + limit
    yield from smi_live.read(limit)


def _machine(
    said: dict[str, tuple[Any, ...]], unknown: list[Unknown], root: Path, asking: _Asking
) -> Machine:
    from setup_assistant.machine import cuda_visible_devices, kernel_evidence, verdicts
    from setup_assistant.machine.fill_gaps import complete
    from setup_assistant.machine.join import join

    system: System = next(iter(said["system"]), System())
    memory: Memory = next(iter(said["memory"]), Memory())
    readings = kernel_evidence.readings(
        said["gpus"],
        said["kernel"],
        system=system,
        root=root,
        stuck=asking.stuck() if any(u.field == "gpus" for u in unknown) else None,
    )
    whole = complete(join(readings), memory=memory, jetson=system.jetson)
    silent = kernel_evidence.without_voice(whole.gpus, said["gpus"], system)
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
