"""Break a real environment in every known way, apply the doctor's remedy, and look again.

    python -m tests.bench.doctor_remedies ENVIRONMENT [NAME...]

Prints one row per fault: what was named first, and whether the next run is clean.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.doctor.real_faults import FAULTS, MODEL, Patient, RealFault, copy
from tests.hub import Hub

ROOT = Path(__file__).resolve().parents[2]
CANARY = ROOT / "recipes" / "canary" / "model"
LIMIT = 600


def doctor(patient: Patient, hub: Hub, *options: str) -> tuple[int, dict[str, Any], str]:
    """Run the real command; return its status, its data and what it said beside."""
    command = [sys.executable, "-m", "setup_assistant.cli.app", "doctor", "--json", "--env",
               str(patient.env), *options]  # fmt: skip
    if patient.with_model:
        command += ["--model", str(patient.model)]
    variables = {**os.environ, "MODELSCOPE_ENDPOINT": hub.url, "NO_COLOR": "1"}
    variables |= patient.variables
    variables["PYTHONPATH"] = f"{patient.variables.get('PYTHONPATH', '')}{os.pathsep}{ROOT}"
    done = subprocess.run(command, cwd=patient.folder, env=variables, capture_output=True,
                          text=True, check=False, timeout=LIMIT)  # fmt: skip
    try:
        return done.returncode, json.loads(done.stdout)["data"], done.stderr
    except ValueError:
        return done.returncode, {"findings": []}, done.stdout + done.stderr


def failing(data: dict[str, Any]) -> list[str]:
    """Return the ids that fail, the first one first."""
    return [f["id"] for f in data["findings"] if f["status"] == "fail"]


def treat(fault: RealFault, patient: Patient, hub: Hub) -> tuple[str, bool, str]:
    """Break, look, mend, look again: the first id, whether it is clean, and what was said."""
    fault.break_(patient)
    runs = any(i.startswith(("live-", "startup-")) for i in fault.ids)
    quick = () if runs else ("--static",)
    code, data, said = doctor(patient, hub, *quick)
    named = (failing(data) or [f"none, exit {code}: {said[-300:]}"])[0]
    if fault.mended_by == "unset":
        patient.variables.clear()
        status, data, said = doctor(patient, hub)
    else:
        # Its last look is a whole one: everything runs again inside the environment.
        status, data, said = doctor(patient, hub, "--fix", "--yes")
        states = [f"{a['id']} {a['state']}" for a in data.get("attempts", ())]
        said = f"{states} {said[-900:]}"
    return named, status == 0, "" if status == 0 else f"{failing(data)} {said}"


def prepared(environment: Path, hub: Hub, folder: Path) -> Path:
    """Download the model once, so that it carries its record."""
    model = folder / "original"
    command = [sys.executable, "-m", "setup_assistant.cli.app", "download", MODEL, "--to",
               str(model)]  # fmt: skip
    variables = {**os.environ, "MODELSCOPE_ENDPOINT": hub.url}
    subprocess.run(command, cwd=ROOT, env=variables, check=True, capture_output=True)
    return model


def _meant(fault: RealFault, word: str) -> bool:
    """Whether a word of the command line is in a fault's name; `=NAME` is the whole name."""
    return fault.name == word[1:] if word.startswith("=") else word in fault.name


def main() -> None:
    environment = Path(sys.argv[1]).absolute()
    wanted = sys.argv[2:]
    good = 0
    chosen = [f for f in FAULTS if not wanted or any(_meant(f, w) for w in wanted)]
    with tempfile.TemporaryDirectory(dir=environment.parent) as name, Hub({MODEL: CANARY}) as hub:
        original = prepared(environment, hub, Path(name))
        for fault in chosen:
            started = time.monotonic()
            folder = Path(name) / "patient"
            folder.mkdir()
            patient = copy(environment, original, folder)
            try:
                named, clean, said = treat(fault, patient, hub)
            except Exception as error:  # noqa: BLE001 - one fault must not end the table
                named, clean, said = "-", False, f"{type(error).__name__}: {error}"
            right = named in fault.ids
            good += right and clean
            sys.stdout.write(
                f"{fault.name:40} {named:24} {'right' if right else 'WRONG'}  "
                f"{'clean' if clean else 'NOT CLEAN'} {time.monotonic() - started:.0f} s  {said}\n"
            )
            sys.stdout.flush()
            shutil.rmtree(folder)
    sys.stdout.write(f"{good} of {len(chosen)} named first and mended\n")


if __name__ == "__main__":
    main()
