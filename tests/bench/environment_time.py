"""Compare this tool's environment step with plain uv and plain pip, from one run on one machine.

    python -m tests.bench.environment_time [--rounds N] [--skip-pip]

Every contender makes a fresh environment with the same exact packages (the requirements.txt of
one plan), first with an empty cache of its own, then once more from the cache it has filled:

1. this tool's environment step, timed by its own ledger: environment, lock with hashes, packages;
2. plain uv: `uv venv`, `uv pip install -r requirements.txt`;
3. plain pip: `python -m venv`, `pip install -r requirements.txt`.

uv and this tool take turns, and the quickest of the rounds counts, since the line is shared.
Everything lies in a temporary folder that is removed afterwards; needs about 15 GB of disk.
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

from uv import find_uv_bin

from setup_assistant.host.pip_settings import uv_environment

ROOT = Path(__file__).resolve().parents[2]
PYTHON = getattr(sys, "_base_executable", sys.executable)
say = sys.stdout.write


def environment(**variables: str) -> dict[str, str]:
    """Return the variables of a contender: the person's package settings, a cache of its own."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("UV_CACHE", "VIRTUAL_ENV"))}
    return {**env, **variables}


def ours(folder: Path, cache: Path) -> tuple[float, Path]:
    """Return the seconds of the environment step, and the requirements it installed."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(
        [sys.executable, "-m", "setup_assistant", "up", "--yes", "--model", "canary",
         "--gpus", "none", "--backend", "uv", "--site", folder],
        cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        env=environment(SETUP_ASSISTANT_CACHE=str(cache)),
    )  # fmt: skip
    for line in (folder / "ledger.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if (entry["step"], entry["event"]) == ("environment", "done"):
            return float(entry["seconds"]), folder / "requirements.txt"
    raise RuntimeError("the ledger has no environment step")


def timed(env: dict[str, str], *commands: list[str | Path]) -> float:
    """Return the seconds of some commands."""
    started = time.monotonic()
    for command in commands:
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


def plain_uv(folder: Path, cache: Path, requirements: Path) -> float:
    """Return the seconds of the two commands with which a person uses uv."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = uv_environment(dict(os.environ))
    settings.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    env = environment(UV_CACHE_DIR=str(cache), **settings)
    uv = find_uv_bin()
    return timed(
        env,
        [uv, "venv", "--quiet", "--no-project", "--python", PYTHON, folder],
        [uv, "pip", "install", "--quiet", "--python", folder / "bin/python", "-r", requirements],
    )


def plain_pip(folder: Path, cache: Path, requirements: Path) -> float:
    """Return the seconds of the two commands with which a person uses pip."""
    shutil.rmtree(folder, ignore_errors=True)
    return timed(
        environment(PIP_CACHE_DIR=str(cache)),
        [PYTHON, "-m", "venv", folder],
        [folder / "bin/python", "-m", "pip", "install", "--quiet", "-r", requirements],
    )


def measure(folder: Path, rounds: int, *, pip: bool) -> dict[str, list[float]]:
    """Return the seconds of each contender by name: cold and from its cache."""
    found: dict[str, list[float]] = {}

    def note(name: str, seconds: float) -> None:
        say(f"  {name:<24} {seconds:7.1f} s\n")
        sys.stdout.flush()
        found.setdefault(name, []).append(seconds)

    kept = folder / "requirements.txt"
    for _round in range(rounds):
        for state in ("cold", "cached"):
            seconds, requirements = ours(folder / "site", folder / "our-cache")
            shutil.copy(requirements, kept)
            note(f"this tool, {state}", seconds)
        shutil.rmtree(folder / "site")
        shutil.rmtree(folder / "our-cache")
        for state in ("cold", "cached"):
            note(f"uv, {state}", plain_uv(folder / "uv", folder / "uv-cache", kept))
        shutil.rmtree(folder / "uv")
        shutil.rmtree(folder / "uv-cache")
    if pip:
        for state in ("cold", "cached"):
            note(f"pip, {state}", plain_pip(folder / "pip", folder / "pip-cache", kept))
    return found


def main() -> None:
    """Measure and print; the exit status says whether the step keeps to 1.15 times plain uv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--skip-pip", action="store_true")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="environment-time-"))
    try:
        found = measure(folder, arguments.rounds, pip=not arguments.skip_pip)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    worst = 0.0
    for state in ("cold", "cached"):
        mine = min(found[f"this tool, {state}"])
        for other in ("uv", "pip"):
            if seconds := found.get(f"{other}, {state}"):
                ratio = mine / min(seconds)
                say(f"this tool / {other}, {state:<12} {ratio:6.2f}\n")
                worst = max(worst, ratio) if other == "uv" and state == "cold" else worst
    raise SystemExit(int(worst > 1.15))


if __name__ == "__main__":
    main()
