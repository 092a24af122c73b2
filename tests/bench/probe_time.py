"""Print what probe and plan cost over a bare interpreter start, as the median of some runs.

    python tests/bench/probe_time.py [RUNS]

Where the checkout has its `.venv`, each is also started as a person starts it: by another
Python's `-m setup_assistant`, which hands over to that one.

With a C compiler at hand it asks a stand-in NVML that sees two cards, so that a machine
without a GPU pays what a machine with one does. The sources are visited by the first run and
remembered by the others, as in daily use.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIM = ROOT / "tests" / "machine" / "nvml_shim.c"
CARDS = (
    "driver 570.133.20\ncuda 12080\n"
    "gpu NVIDIA GeForce RTX 4090|8|9|24564|1000|0|-1|1|0\n"
    "gpu NVIDIA GeForce RTX 4090|8|9|24564|0|0|-1|0|0\n"
)


DESCRIBED = ("--driver", "570.133.20", "--gpu", "NVIDIA GeForce RTX 4090,8.9,24564,24000")


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as name:
        env = _environment(Path(name))
        bare = [sys.executable, "-c", "pass"]
        app = [sys.executable, "-m", "setup_assistant.cli.app"]
        lines = {
            "probe --json": [*app, "probe", "--json"],
            "probe --json --no-sources": [*app, "probe", "--json", "--no-sources"],
            "plan --json": [*app, "plan", "--json"],
            "plan --json, what if": [*app, "plan", "--json", *DESCRIBED],
            "--help": [*app, "--help"],
        }
        python = shutil.which("python3", path=os.defpath)
        if python and (ROOT / ".venv" / ".setup-assistant-stamp").exists():
            whole = [python, "-m", "setup_assistant"]
            bare = [python, "-c", "pass"]
            lines |= {
                f"handed over: {name}": [*whole, *line[3:]]
                for name, line in lines.items()
                if "no-sources" not in name
            }
        for label, line in lines.items():
            _seconds(line, env)
            # In turns, so that a busy moment of the computer hits both alike.
            pairs = [(_seconds(bare, env), _seconds(line, env)) for _ in range(runs)]
            start = statistics.median(p[0] for p in pairs)
            took = statistics.median(p[1] for p in pairs)
            print(  # noqa: T201 - a script
                f"{label:34} {took * 1000:6.0f} ms, bare {start * 1000:4.0f} ms, "
                f"over it {(took - start) * 1000:6.0f} ms (median of {runs})"
            )


def _seconds(command: list[str], env: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=env, check=True, capture_output=True)
    return time.perf_counter() - started


def _environment(folder: Path) -> dict[str, str]:
    env = {**os.environ, "SETUP_ASSISTANT_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    compiler = shutil.which("cc")
    if compiler is None:
        print("no C compiler: without a stand-in NVML")  # noqa: T201 - a script
        return env
    library = folder / "libnvidia-ml.so.1"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, SHIM], check=True)
    (folder / "settings").write_text(CARDS)
    return {**env, "NVML_SHIM": str(folder / "settings"), "LD_LIBRARY_PATH": str(folder)}


if __name__ == "__main__":
    main()
