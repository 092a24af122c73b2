"""The probe: everything true of this computer, within a deadline, without ever raising.

Each part runs in a thread of its own. What does not end in time (a hung driver, a dead
network disk) is left behind and named as unknown; the rest is kept.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from setup_assistant.host import clock, log
from setup_assistant.machine import host, kernel, nvml, smi_live, verdicts, visible
from setup_assistant.machine.complete import complete
from setup_assistant.machine.facts import Machine, Memory, System, Unknown
from setup_assistant.machine.join import join
from setup_assistant.machine.reading import Card, Fault, Reading
from setup_assistant.words import msg

T = TypeVar("T")
# Shares of the deadline: NVML first; nvidia-smi with what is left, but never all of it.
_NVML_SHARE, _SMI_SHARE = 0.45, 0.40
# Kept back for putting everything together after the slowest part was given up.
_RESERVE = 0.25


def probe(
    *,
    site: Path | None = None,
    sources: bool = True,
    root: Path = Path("/"),
    deadline: float = 8.0,
) -> Machine:
    """Return the machine. Never raises; each unknown carries its reason.

    Args:
        site: the folder of the deployment, whose disk is measured.
        sources: whether to visit the sources of packages and weights.
        root: where /proc, /sys, /etc and /dev are looked for.
        deadline: seconds after which the answer is given, whatever is still missing.
    """
    started = clock.monotonic()
    span = max(0.5, deadline - _RESERVE)
    from setup_assistant.machine import disks, tools

    parts: dict[str, _Part[Any]] = {
        "gpus": _Part(partial(_gpu_readings, span)),
        "kernel": _Part(partial(_as_one, kernel.read, root)),
        "system": _Part(partial(_as_one, host.system, root)),
        "memory": _Part(partial(_as_one, host.memory, root)),
        "disks": _Part(partial(disks.read, site)),
        "tools": _Part(partial(tools.read, span * 0.5)),
    }
    if sources:
        from setup_assistant.machine import sources as visits

        parts["sources"] = _Part(partial(visits.read, span * 0.6))
    unknown = [
        Unknown(field=name, reason=reason.english)
        for name, part in parts.items()
        if (reason := part.wait(started + span)) is not None
    ]
    try:
        return _machine(parts, unknown, root)
    except Exception as error:  # noqa: BLE001 - the probe's promise
        log.exception("probe", error)
        reason = msg("Something went wrong inside the probe; the log has the details.").english
        return Machine(probed_at=clock.now(), unknown=(Unknown(field="machine", reason=reason),))


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

    def wait(self, until: float) -> Any:  # noqa: ANN401 - Message or None
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


def _as_one(call: Callable[[Path], Any], root: Path) -> Iterable[Any]:
    yield call(root)


def _gpu_readings(span: float) -> Iterable[Reading]:
    """Yield NVML's reading, then nvidia-smi's where NVML left something out."""
    first = nvml.read(span * _NVML_SHARE)
    yield first
    if first.cards and not first.faults and not any(c.trouble for c in first.cards):
        return
    yield from smi_live.read(span * _SMI_SHARE)


def _machine(parts: dict[str, _Part[Any]], unknown: list[Unknown], root: Path) -> Machine:
    system: System = next(iter(parts["system"].found), System())
    memory: Memory = next(iter(parts["memory"].found), Memory())
    kernel_said: tuple[Reading, ...] = next(iter(parts["kernel"].found), ())
    said: tuple[Reading, ...] = parts["gpus"].found
    readings = _explained((*said, *kernel_said, *_tegra(root, system, said)), system, root)
    if any(p.field == "gpus" for p in unknown):
        # Even the child's own deadline did not hold: its process cannot be killed.
        text = (msg("A process that asks the driver cannot be ended.").english,)
        readings += (Reading(source="nvml", faults=(Fault(id="nvml_hangs", evidence=text),)),)
    whole = complete(join(readings), memory=memory, jetson=system.jetson)
    hidden, doubts = visible.apply(whole.gpus, os.environ)
    return Machine(
        system=system,
        driver=whole.driver,
        gpus=hidden,
        memory=memory,
        disks=parts["disks"].found,
        tools=_with_driver_version(parts["tools"].found, whole.driver.library),
        sources=next(iter(parts["sources"].found), ()) if "sources" in parts else (),
        verdicts=tuple(verdicts.verdict(f) for f in whole.faults),
        unknown=(*unknown, *whole.unknown, *doubts, *_gaps(system, memory)),
        visible_devices=os.environ.get("CUDA_VISIBLE_DEVICES"),
        probed_at=clock.now(),
    )
