"""Long explanations page by page: nothing scrolls away before it was read."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from typing import TextIO, cast

from setup_assistant.cli.terminal import show
from setup_assistant.messages import _

# The question comes again below the last page.
_QUESTION_ROWS = 6
_FEWEST = 4


class _EnoughError(Exception):
    """The reader does not want the rest."""


class _Pages:
    """Standard output that stops when a page is full, until Enter is pressed."""

    def __init__(self, stream: TextIO, rows: int) -> None:
        self._stream, self._rows, self._shown = stream, rows, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text, waiting after each full page."""
        for line in text.splitlines(keepends=True):
            if self._shown >= self._rows:
                self._wait()
            self._stream.write(line)
            self._shown += line.endswith("\n")
        return len(text)

    def _wait(self) -> None:
        self._stream.write(f"  -- {_('Enter: more; q: enough')} --")
        self._stream.flush()
        said = sys.stdin.readline()
        self._stream.write("\x1b[1A\r\x1b[J")
        if said.strip().lower() == "q":
            raise _EnoughError
        self._shown = 0


@contextlib.contextmanager
def pages() -> Iterator[None]:
    """Let what is shown meanwhile stop at the end of each screen, on a terminal that can.

    The reader may leave out the rest.
    """
    if show.is_plain() or not (sys.stdout.isatty() and sys.stdin.isatty()):
        yield
        return
    rows = max(_FEWEST, shutil.get_terminal_size().lines - _QUESTION_ROWS)
    paged = cast("TextIO", _Pages(sys.stdout, rows))
    with contextlib.suppress(_EnoughError), contextlib.redirect_stdout(paged), show.fresh():
        yield
