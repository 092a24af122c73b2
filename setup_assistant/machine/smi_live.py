"""nvidia-smi on the live machine: a few quick questions, each with a deadline."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from setup_assistant.host import clock, run
from setup_assistant.machine.reading import Fault, Reading

# Where it lies when PATH does not say: WSL, old Windows drivers.
_USUAL = (
    "/usr/lib/wsl/lib/nvidia-smi",
    r"C:\Windows\System32\nvidia-smi.exe",
    r"C:\Program Files\NVIDIA Corporation\NVSMI\nvidia-smi.exe",
)
# No compute capability is in the table, no CUDA version in the columns: hence both.
_COLUMNS = "index,name,uuid,pci.bus_id,driver_version,memory.total,memory.used,memory.free"
_QUESTIONS = (
    (),
    (f"--query-gpu={_COLUMNS},compute_cap", "--format=csv"),
    ("-L",),
)


def path() -> str | None:
    """Return nvidia-smi, or None where there is none."""
    found = shutil.which("nvidia-smi")
    if found:
        return found
    return next((p for p in _USUAL if Path(p).is_file() and os.access(p, os.X_OK)), None)


def read(deadline: float) -> tuple[Reading, ...]:
    """Return what nvidia-smi says within `deadline` seconds; never raises.

    The first failure ends the questions: a driver that hung once hangs again.
    """
    program = path()
    if program is None:
        return ()
    # Late: whoever only asks for the path need not load the parsers.
    from setup_assistant.machine import smi

    ends = clock.monotonic() + deadline
    readings: list[Reading] = []
    for question in _QUESTIONS:
        left = ends - clock.monotonic()
        if left <= 0:
            break
        outcome = run.run([program, *question], deadline=left)
        # Only the plain question's exit status tells of the machine; the others may be unknown
        # to an old nvidia-smi.
        code = 0 if question or outcome.timed_out else outcome.code
        said = smi.read(f"{outcome.out}\n{outcome.err}", code)
        readings += said
        if outcome.timed_out and readings and left < deadline / 2:
            # It has answered; that the time was over tells nothing of it.
            break
        if outcome.timed_out:
            evidence = (f"{program}: no answer within {left:.1f} s",)
            readings.append(
                Reading(
                    source="nvidia-smi", faults=(Fault(id="nvidia_smi_hangs", evidence=evidence),)
                )
            )
            break
        if not question and any(r.faults for r in said) and not any(r.cards for r in said):
            break
    # An old driver refuses the compute_cap column; the name tells the capability instead.
    return tuple(
        replace(r, faults=tuple(f for f in r.faults if f.id != "field_unsupported"))
        for r in readings
    )
