"""Print what `probe --json` costs over a bare interpreter start, as the median of some runs.

    python tests/bench/probe_time.py [RUNS]

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


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as name:
        env = _environment(Path(name))
        bare = [sys.executable, "-c", "pass"]
        command = [sys.executable, "-m", "setup_assistant.cli.app", "probe", "--json"]
        help_ = [sys.executable, "-m", "setup_assistant.cli.app", "--help"]
        _seconds(command, env)
        for label, line in (
            ("probe --json", command),
            ("probe --json --no-sources", [*command, "--no-sources"]),
            ("--help", help_),
        ):
            # In turns, so that a busy moment of the computer hits both alike.
            pairs = [(_seconds(bare, env), _seconds(line, env)) for _ in range(runs)]
            start = statistics.median(p[0] for p in pairs)
            whole = statistics.median(p[1] for p in pairs)
            print(  # noqa: T201 - a script
                f"{label:28} {whole * 1000:6.0f} ms, bare {start * 1000:4.0f} ms, "
                f"over it {(whole - start) * 1000:6.0f} ms (median of {runs})"
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
