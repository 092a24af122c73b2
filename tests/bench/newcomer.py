"""Time a newcomer's path, from a fresh clone to the verified canary; count decisions and lines.

    python -m tests.bench.newcomer [--warm]

Drives the wizard on a real terminal, keyboard only, at 60 and 80 columns in both languages. The
first run has cold caches (with `--warm`: this machine's); the others share its caches, each with
a home and a `.venv` of its own. Needs about 8 GB of disk while it runs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.terminal import ENTER, UP, Terminal

ROOT = Path(__file__).resolve().parents[2]
MOST_DECISIONS, MOST_LINES = 6, 60
# What each question says, and the keys that answer it: Enter takes what is recommended, and the
# last model is the canary alone.
QUESTIONS = {
    "en": (("What would you like", ()), ("Which folder", ()), ("Which model", (UP,)),
           ("Do this now", ())),
    "zh_CN": (("您想做什么", ()), ("哪个文件夹", ()), ("使用哪个模型", (UP,)),
              ("现在执行吗", ())),
}  # fmt: skip
LAST = {"en": "Next:", "zh_CN": "接下来"}


def clone(target: Path) -> None:
    """Copy what a clone would hold, with the changes that are not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def walk(folder: Path, cache: Path, language: str, columns: int) -> tuple[float, int, int]:
    """Return seconds, decisions and lines printed of one newcomer's first hour."""
    home, here = folder / f"home-{language}-{columns}", folder / f"clone-{language}-{columns}"
    home.mkdir()
    clone(here)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("VIRTUAL_ENV", "NO_COLOR"))}
    env = {**kept, "HOME": str(home), "SETUP_ASSISTANT_CACHE": str(cache), "TERM": "xterm-256color",
           "LANG": f"{language}.UTF-8"}  # fmt: skip
    python = getattr(sys, "_base_executable", sys.executable)
    command = ["sh", "-c", f"cd '{here}' && exec '{python}' -m setup_assistant"]
    started, decisions = time.monotonic(), 0
    screen = Terminal(command, env, columns=columns, seconds=900)
    for said, keys in QUESTIONS[language]:
        screen.wait(said)
        screen.keys(*keys, ENTER)
        decisions += 1
    screen.wait(LAST[language])
    status = screen.end()
    seconds = time.monotonic() - started
    if status != 0:
        raise SystemExit("\n".join(screen.lines()))
    shutil.rmtree(here)
    shutil.rmtree(home)
    return seconds, decisions, len(screen.lines())


def main() -> int:
    """Print one line for each newcomer; the status is 1 where one decides or reads too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warm", action="store_true", help="use this machine's package cache")
    warm = parser.parse_args().warm
    good = True
    with tempfile.TemporaryDirectory() as name:
        own = os.environ.get("SETUP_ASSISTANT_CACHE", str(Path.home() / ".cache/setup-assistant"))
        cache = Path(own) if warm else Path(name) / "cache"
        for language in QUESTIONS:
            for columns in (60, 80):
                seconds, decisions, lines = walk(Path(name), cache, language, columns)
                good = good and decisions <= MOST_DECISIONS and lines <= MOST_LINES
                sys.stdout.write(f"{language:6} {columns:3} columns: {seconds:5.1f} s, "
                                 f"{decisions} decisions, {lines} lines\n")  # fmt: skip
                sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
