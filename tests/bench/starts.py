"""Print what `--help` and the wizard's first question cost over a bare interpreter start.

    python -m tests.bench.starts [--runs 21]

Median of several runs, interleaved, so that a noisy moment hits all of them alike. The first
question is timed through a real pseudo-terminal, from the start of the process to the question
on the screen.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pexpect

ROOT = Path(__file__).resolve().parents[2]


def seconds(command: list[str]) -> float:
    """Return how long a command takes, its output thrown away."""
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=True)  # fmt: skip
    return time.perf_counter() - started


def first_question() -> float:
    """Return the seconds from the start to the first question on the screen."""
    env = {**os.environ, "LANG": "en_US.UTF-8", "TERM": "xterm-256color"}
    env.pop("LC_ALL", None)
    started = time.perf_counter()
    screen = pexpect.spawn(
        sys.executable, ["-m", "setup_assistant"], cwd=str(ROOT), env=env, encoding="utf-8",
        dimensions=(40, 100), timeout=30,
    )  # fmt: skip
    screen.delaybeforesend = None
    screen.expect("What would you like to do")
    taken = time.perf_counter() - started
    screen.close(force=True)
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    bare, shown, asked = [], [], []
    for _ in range(runs):
        bare.append(seconds([sys.executable, "-c", "pass"]))
        shown.append(seconds([sys.executable, "-m", "setup_assistant", "--help"]))
        asked.append(first_question())
    base = statistics.median(bare)
    sys.stdout.write(f"bare interpreter      {base * 1000:7.1f} ms\n")
    for name, times, goal in (("--help", shown, 100), ("first question", asked, 200)):
        over = (statistics.median(times) - base) * 1000
        sys.stdout.write(f"{name:<20} + {over:7.1f} ms  (aim: {goal} ms)\n")


if __name__ == "__main__":
    main()
