"""What NVML's child process said, as a reading."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from setup_assistant.host.run import Outcome
from setup_assistant.machine import nvml_ask, verdicts
from setup_assistant.machine.facts import Process, Unknown
from setup_assistant.machine.reading import Card, Fault, Reading, bus_id
from setup_assistant.messages import msg

_LIBRARY_NOT_FOUND = 12  # nvml.h, nvmlReturn_t
# Per-card return codes that say whose fault it is.
_CARD_CODES = {4: "gpu_forbidden", 8: "gpu_power", 15: "gpu_lost", 16: "gpu_lost"}


def read(deadline: float) -> Reading:
    """Return what NVML says within `deadline` seconds; never raises.

    What was said before a hang is kept, beside the fault `nvml_hangs`.
    """
    return of_outcome(nvml_ask.ask(deadline), deadline)


def of_outcome(outcome: Outcome | None, deadline: float) -> Reading:
    """Return what the child said; None stands for nvidia-ml-py not being installed."""
    if outcome is None:
        reason = msg("The Python package nvidia-ml-py is not installed.").english
        return Reading(source="nvml", unknown=(Unknown(field="driver", reason=reason),))
    lines = [_json(s) for s in outcome.out.splitlines()]
    reading = _reading([s for s in lines if s])
    if outcome.timed_out:
        return _with_fault(reading, Fault(id="nvml_hangs", evidence=(_waited(deadline),)))
    ended = any(s and s.get("kind") in ("end", "error") for s in lines)
    if not ended:
        # A crash inside the library ends the child by a signal, and only the child.
        text = outcome.err.strip().splitlines()[-1:] or [""]
        evidence = (f"exit status {outcome.code}", *(t for t in text if t))
        return _with_fault(reading, Fault(id="nvml_error", evidence=evidence))
    return reading


def _waited(deadline: float) -> str:
    return f"no answer within {deadline:.1f} s"


def _with_fault(reading: Reading, fault: Fault) -> Reading:
    return replace(reading, faults=(*reading.faults, fault))


def _json(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except json.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _reading(lines: list[dict[str, Any]]) -> Reading:
    system: dict[str, Any] = next((s for s in lines if s.get("kind") == "system"), {})
    error = next((s for s in lines if s.get("kind") == "error"), None)
    faults: list[Fault] = []
    if error:
        faults.append(_init_fault(error))
    elif system.get("count") == 0:
        faults.append(Fault(id="no_devices", evidence=("NVML: 0 GPUs",)))
    cuda = system.get("cuda")
    return Reading(
        source="nvml",
        driver=system.get("driver"),
        # 13000 means 13.0, 12020 means 12.2; 0 where there is no CUDA library.
        cuda=f"{cuda // 1000}.{cuda % 1000 // 10}" if cuda else None,
        cuda_missing=cuda == 0 or system.get("errors", {}).get("cuda") == _LIBRARY_NOT_FOUND,
        # NVML puts the CUDA major in front of the driver's version: 13.580.65.06.
        library=re.sub(r"^\d{1,2}\.(?=\d{3}\.)", "", system.get("nvml") or "") or None,
        attached=system.get("count"),
        cards=tuple(_card(s) for s in lines if s.get("kind") == "gpu"),
        faults=tuple(faults),
    )


def _init_fault(error: dict[str, Any]) -> Fault:
    code = int(error["code"])
    return Fault(id=verdicts.of_code(code), evidence=(f"NVML error {code}: {error['text']}",))


def _card(said: dict[str, Any]) -> Card:
    index = said.get("index")
    if "code" in said:
        code = int(said["code"])
        return Card(
            index=index,
            trouble=f"NVML error {code}: {said['text']}",
            trouble_id=_CARD_CODES.get(code, "gpu_unreachable"),
        )
    on = said.get("mig_on")
    errors = said.get("errors", {})
    lost = next((c for c in errors.values() if c == 15), None)
    return Card(
        index=index,
        name=said.get("name"),
        uuid=said.get("uuid"),
        pci_bus_id=bus_id(said.get("bus")),
        compute_capability=said.get("capability"),
        total_bytes=said.get("total") or None,
        used_bytes=said.get("used"),
        free_bytes=said.get("free") if said.get("total") else None,
        mig=None if on is None else "on" if on else "off",
        display_active=bool(said["display"]) if "display" in said else None,
        driver_model=said.get("driver_model"),
        pci_device_id=said.get("device"),
        trouble="NVML error 15: GPU is lost" if lost else None,
        processes=_processes(said),
        slices=tuple(_slice(p) for p in said.get("slices", [])),
    )


def _slice(said: dict[str, Any]) -> Card:
    profile = re.search(r"\bMIG (\S+)$", said.get("name") or "")
    return Card(
        index=said.get("index"),
        uuid=said.get("uuid"),
        total_bytes=said.get("total"),
        used_bytes=said.get("used"),
        free_bytes=said.get("free"),
        mig=profile[1] if profile else None,
        multiprocessors=said.get("multiprocessors"),
        processes=_processes(said),
    )


def _processes(said: dict[str, Any]) -> tuple[Process, ...]:
    return tuple(
        Process(pid=p["pid"], name=p.get("name"), memory_bytes=p["memory"])
        for p in said.get("processes", [])
    )
