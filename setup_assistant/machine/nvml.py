"""What NVML's child process said, as a reading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from setup_assistant.host import lenient
from setup_assistant.host.run import Outcome
from setup_assistant.machine import card_table, nvml_ask, verdicts
from setup_assistant.machine.facts import Process, Unknown
from setup_assistant.machine.nvml_ask import Course
from setup_assistant.machine.reading import Card, Fault, Reading
from setup_assistant.messages import msg

_LIBRARY_NOT_FOUND = 12  # nvml.h, nvmlReturn_t
_LOST = 15
# Per-card return codes that say whose fault it is.
_CARD_CODES = {4: "gpu_forbidden", 8: "gpu_power", 15: "gpu_lost", 16: "gpu_lost"}
# A call is slow when it took this long, and this many times as long as the child's own start:
# on a busy or throttled computer both are slow, and the driver is not to blame.
_SLOW_SECONDS, _SLOW_TIMES = 1.0, 6.0


def read(deadline: float) -> Reading:
    """Return what NVML says; never raises. `deadline` is as in `nvml_ask.ask`."""
    course = Course(deadline)
    return of_outcome(nvml_ask.ask(deadline, course), course)


def of_outcome(outcome: Outcome | None, course: Course) -> Reading:
    """Return what the child said; None stands for nvidia-ml-py not being installed."""
    if outcome is None:
        reason = msg("The Python package nvidia-ml-py is not installed.").english
        return Reading(source="nvml", unknown=(Unknown(field="driver", reason=reason),))
    lines = [s for line in outcome.out.splitlines() if (s := lenient.parsed(line))]
    reading = _reading(lines)
    if outcome.timed_out:
        return _unfinished(reading, course)
    if not any(s.get("kind") in ("end", "error") for s in lines):
        # A crash inside the library ends the child by a signal, and only the child.
        text = outcome.err.strip().splitlines()[-1:] or [""]
        evidence = (f"exit status {outcome.code}", *(t for t in text if t))
        if course.call:
            evidence = (*evidence, f"in {_named(course)}")
        return _with_faults(reading, Fault(id="nvml_error", evidence=evidence))
    return _with_faults(reading, *_slow(course))


def _unfinished(reading: Reading, course: Course) -> Reading:
    """Tell a call that never came back from a computer that is too busy to ask."""
    if course.call:
        evidence = f"{_named(course)}: no answer within {course.waited:.1f} s"
        return _with_faults(reading, Fault(id="nvml_hangs", evidence=(evidence,)))
    reason = msg("The program that asks the driver had not begun; this computer is very busy.")
    if course.started is not None:
        reason = msg("The program that asks the driver stood still; this computer is very busy.")
    return replace(
        reading, unknown=(*reading.unknown, Unknown(field="gpus", reason=reason.english))
    )


def _named(course: Course) -> str:
    return f"{course.call}" if course.card is None else f"{course.call} of GPU {course.card}"


def _slow(course: Course) -> Sequence[Fault]:
    if course.started is None or not course.slow:
        return ()
    pace = max(_SLOW_SECONDS, _SLOW_TIMES * (course.started - course.began))
    late = sorted(((s, n) for n, s in course.slow.items() if s > pace), reverse=True)
    evidence = tuple(f"{name}: {seconds:.1f} s" for seconds, name in late[:8])
    return (Fault(id="driver_slow", evidence=evidence),) if evidence else ()


def _with_faults(reading: Reading, *faults: Fault) -> Reading:
    return replace(reading, faults=(*reading.faults, *faults))


def _reading(lines: list[dict[str, Any]]) -> Reading:
    # Each line of the system and of a card holds what was known by then; the last one most.
    system: dict[str, Any] = {}
    cards: dict[int, dict[str, Any]] = {}
    error = None
    for said in lines:
        if said.get("kind") == "system":
            system = said
        elif said.get("kind") == "gpu":
            cards[int(said["index"])] = said
        elif said.get("kind") == "error":
            error = said
    cuda, errors = system.get("cuda"), system.get("errors", {})
    return Reading(
        source="nvml",
        driver=system.get("driver"),
        # 13000 means 13.0, 12020 means 12.2; 0 where there is no CUDA library.
        cuda=f"{cuda // 1000}.{cuda % 1000 // 10}" if cuda else None,
        cuda_missing=cuda == 0 or errors.get("cuda") == _LIBRARY_NOT_FOUND,
        # NVML puts the CUDA major in front of the driver's version: 13.580.65.06.
        library=re.sub(r"^\d{1,2}\.(?=\d{3}\.)", "", system.get("nvml") or "") or None,
        attached=system.get("count"),
        cards=tuple(_card(cards[index]) for index in sorted(cards)),
        faults=_faults(error, system, bool(cards)),
    )


def _faults(error: dict[str, Any] | None, system: dict[str, Any], cards: bool) -> tuple[Fault, ...]:
    if error:
        code = int(error["code"])
        text = f"NVML error {code}: {error['text']}"
        return (Fault(id=verdicts.of_code(code), evidence=(text,)),)
    if cards or not system:
        return ()
    if system.get("count") == 0:
        return (Fault(id="no_devices", evidence=("NVML: 0 GPUs",)),)
    failed = system.get("errors", {}).get("count")
    if failed is None:
        return ()
    kind = verdicts.of_code(failed) if isinstance(failed, int) else "nvml_error"
    return (Fault(id=kind, evidence=(f"nvmlDeviceGetCount: NVML error {failed}",)),)


def _card(said: dict[str, Any]) -> Card:
    if "code" in said:
        code = int(said["code"])
        return Card(
            index=said.get("index"),
            trouble=f"NVML error {code}: {said['text']}",
            trouble_id=_CARD_CODES.get(code, "gpu_unreachable"),
        )
    lost = _LOST in said.get("errors", {}).values()
    return card_table.card(
        said.get,
        "nvml",
        trouble=f"NVML error {_LOST}: GPU is lost" if lost else None,
        processes=_processes(said),
        slices=tuple(_slice(p) for p in said.get("slices", [])),
    )


def _slice(said: dict[str, Any]) -> Card:
    return card_table.card(
        said.get, "nvml", facts=card_table.SLICE_FACTS, processes=_processes(said)
    )


def _processes(said: dict[str, Any]) -> tuple[Process, ...]:
    return tuple(
        Process(pid=p["pid"], name=p.get("name"), memory_bytes=p["memory"])
        for p in said.get("processes", [])
    )
