"""A real terminal for tests: a program on a pseudo-terminal, its screen drawn by an emulator."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

import pexpect
import pyte

from tests.built import ROOT

UP, DOWN, LEFT, RIGHT, ENTER = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C", "\r"
CTRL_C, CLEAR_LINE = "\x03", "\x15"
# Lines that may scroll away and still count as seen.
_HISTORY = 4000
# A line that is redrawn all the time never rests.
_RESTLESS = 3.0


class Terminal:
    """One program on a terminal of `columns` by `rows`; keys go in, the drawn screen comes out.

    The emulator answers the cursor-position request that prompts send, as real terminals do.
    """

    def __init__(
        self, argv: Iterable[str], env: Mapping[str, str], *, columns: int = 80, rows: int = 40,
        seconds: float = 600.0,
    ) -> None:  # fmt: skip
        command, *arguments = argv
        self._seconds = seconds
        self.columns, self.rows = columns, rows
        self._screen = pyte.HistoryScreen(columns, rows, history=_HISTORY, ratio=1.0)
        self._stream = pyte.ByteStream(self._screen)
        self._screen.write_process_input = self._answer
        self.child: Any = pexpect.spawn(
            command, arguments, cwd=str(ROOT), env=dict(env), dimensions=(rows, columns),
            timeout=seconds,
        )  # fmt: skip
        self.child.delaybeforesend = None

    def wait(self, *texts: str, rest: bool = True) -> None:
        """Read until every text is on the screen and, with `rest`, the program is quiet."""
        until = time.monotonic() + self._seconds
        while not all(text in _tight(self.seen()) for text in map(_tight, texts)):
            if time.monotonic() > until or not self._read(0.2):
                found = "\n".join(self.lines())
                raise AssertionError(f"not on the screen: {texts}\n{found}")
        if rest:
            self.rest()

    def rest(self, seconds: float = 0.25) -> None:
        """Read until nothing more comes for so long: a prompt has then taken the keyboard."""
        until = time.monotonic() + _RESTLESS
        while time.monotonic() < until:
            before = self.child_bytes
            if not self._read(seconds) or self.child_bytes == before:
                return

    child_bytes = 0

    def _read(self, seconds: float) -> bool:
        """Feed what comes within so long; False at the program's end."""
        if self.child.closed:
            return False
        try:
            data = self.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.child_bytes += len(data)
        self._stream.feed(data)
        return True

    def _answer(self, data: str) -> None:
        self.child.send(data)

    def keys(self, *keys: str) -> None:
        """Press keys, one write each."""
        for key in keys:
            self.child.send(key)

    def end(self) -> int:
        """Read to the program's end; returns its exit status."""
        until = time.monotonic() + self._seconds
        while self._read(1.0):
            assert time.monotonic() < until, "\n".join(self.lines())
        self.child.close()
        return int(self.child.exitstatus if self.child.exitstatus is not None
                   else 128 + self.child.signalstatus)  # fmt: skip

    def kill(self) -> None:
        """End a program that would go on for ever, e.g. a shell."""
        self.child.close(force=True)

    def lines(self) -> list[str]:
        """Return everything that was printed and not taken back, also what scrolled away."""
        above = [
            "".join(row[i].data for i in range(self.columns)) for row in self._screen.history.top
        ]
        return _trim([*above, *self._screen.display])

    def displayed(self) -> list[str]:
        """Return the lines that stand on the screen now."""
        return _trim(self._screen.display)

    def seen(self) -> str:
        """Return all lines as one text."""
        return "\n".join(self.lines())


def _trim(lines: Iterable[str]) -> list[str]:
    found = [line.rstrip() for line in lines]
    while found and not found[-1]:
        found.pop()
    return found


def _tight(text: str) -> str:
    """Return `text` without blanks: a wrapped sentence is still the sentence."""
    return re.sub(r"\s+", "", text)


def assistant(*arguments: str) -> list[str]:
    """Return the command line of the assistant under test."""
    return [sys.executable, "-m", "setup_assistant.cli.app", *arguments]
