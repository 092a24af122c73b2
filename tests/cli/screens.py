"""Screens kept as text: compared by tests, rewritten with SETUP_ASSISTANT_TEST_SCREENS=write."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

from tests.terminal import Terminal

# How long a screen may take until it is as it was kept.
_SECONDS = 20.0
FOLDER = Path(__file__).parent / "screens"
# What changes with a release or a run, each kept as wide as it is.
_CHANGES = (
    re.compile(r"\d+(?:\.\d+)+"),
    re.compile(r"\bcu\d+"),
    re.compile(r"(?<=/tmp/sa-)\d[\d\n]*"),  # a line may end inside it
    re.compile(r"\d+(?= (?:s|min|minutes|项|秒|分钟|more))"),
)


def masked(lines: Iterable[str]) -> str:
    """Return a screen with `#` for what changes."""
    text = "\n".join(lines)
    for pattern in _CHANGES:
        text = pattern.sub(lambda found: re.sub(r"[0-9a-z_]", "#", found[0]), text)
    return text


class Kept:
    """The titled screens of one session, compared with those kept under its name."""

    def __init__(self, name: str) -> None:
        self._path = FOLDER / f"{name}.txt"
        self._found, self._before = "", list[str]()

    def add(self, title: str, screen: Terminal) -> list[str]:
        """Add what stands there now, kept from its first news; returns all of its lines.

        A busy machine draws in pieces, so one that is not as it was kept is given more time.
        """
        until = time.monotonic() + (0 if _writing() else _SECONDS)
        while not self._known(self._with(title, screen.lines())) and time.monotonic() < until:
            screen.rest(0.5)
            time.sleep(0.05)  # where the program has ended nothing is waited for
        lines = screen.lines()
        self._found, self._before = self._with(title, lines), lines
        return lines

    def same(self) -> None:
        """Compare all of them."""
        if _writing():
            self._path.write_text(self._found, encoding="utf-8")
        assert self._path.exists(), f"no screens kept as {self._path}"
        assert self._found == self._path.read_text(encoding="utf-8")

    def _with(self, title: str, lines: list[str]) -> str:
        before = self._before
        new = next((i for i, (a, b) in enumerate(zip(before, lines, strict=False)) if a != b),
                   min(len(before), len(lines)))  # fmt: skip
        return f"{self._found}══ {title}\n{masked(lines[new:])}\n\n"

    def _known(self, found: str) -> bool:
        return self._path.exists() and self._path.read_text(encoding="utf-8").startswith(found)


def _writing() -> bool:
    return os.environ.get("SETUP_ASSISTANT_TEST_SCREENS") == "write"
