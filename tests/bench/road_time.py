"""Print the tutorial's pip commands against this tool, from one run on one machine.

    python -m tests.bench.road_time [--skip-pip]

Measured with cold caches in a temporary folder that is removed afterwards:
1. the tutorial's five pip commands, one after the other, into a fresh venv;
2. this tool's environment step (from its own ledger);
3. the whole road of a fresh clone, from its first start to the verified canary.
Needs about 10 GB of disk while it runs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (
    ("torch", "torchvision"),
    ("transformers", "-U"),
    ("modelscope",),
    ("accelerate>=0.26.0",),
    ("qwen-vl-utils",),
)


def tutorial(folder: Path) -> float:
    """Return the seconds of the tutorial's pip commands, the venv not counted."""
    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    env = {**os.environ, "PIP_CACHE_DIR": str(folder / "pip-cache")}
    started = time.monotonic()
    for packages in TUTORIAL:
        subprocess.run(
            [venv / "bin" / "python", "-m", "pip", "install", "--quiet", *packages],
            env=env, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return time.monotonic() - started


def ours(folder: Path) -> tuple[float, dict[str, float]]:
    """Return the seconds of the whole road in a fresh clone, and of each step."""
    clone, site = folder / "clone", folder / "site"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("UV_CACHE", "VIRTUAL_ENV"))}
    env.update(HOME=str(folder / "home"), SETUP_ASSISTANT_CACHE=str(folder / "cache"))
    (folder / "home").mkdir()
    python = getattr(sys, "_base_executable", sys.executable)
    started = time.monotonic()
    subprocess.run(
        [python, "-m", "setup_assistant", "up", "--yes", "--model", "canary", "--site", site],
        cwd=clone, env=env, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    total = time.monotonic() - started
    steps: dict[str, float] = {}
    for line in (site / "ledger.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if entry["event"] == "done":
            steps[entry["step"]] = entry["seconds"]
    return total, steps


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--skip-pip", action="store_true", help="measure only this tool")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="road-time-"))
    try:
        total, steps = ours(folder)
        say = sys.stdout.write
        say(f"whole road, clone to verified canary  {total:6.1f} s\n")
        for name, seconds in steps.items():
            say(f"  step {name:<31} {seconds:6.1f} s\n")
        if not arguments.skip_pip:
            for made in folder.iterdir():
                shutil.rmtree(made)
            pip = tutorial(folder)
            say(f"the tutorial's pip commands alone     {pip:6.1f} s\n")
            say(f"environment step / pip commands       {steps['environment'] / pip:6.2f}\n")
            say(f"whole road / pip commands             {total / pip:6.2f}\n")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
