"""Long explanations page by page: nothing scrolls away before it was read."""

from __future__ import annotations

import contextlib
import math
import shutil
import sys
from collections.abc import Iterator
from typing import TextIO, cast

from setup_assistant.cli.terminal import consoles, show
from setup_assistant.cli.terminal.instant_prompt import unechoed
from setup_assistant.messages import _
from setup_assistant.terminal_text import harmless, width

# The question comes again below the last page.
_QUESTION_ROWS = 6
_FEWEST = 4


class _EnoughError(Exception):
    """The reader does not want the rest."""


class Pages:
    """Standard output that stops when a page is full, until Enter is pressed.

    A line longer than the terminal, e.g. a command, counts with every row that it takes.
    """

    def __init__(self, stream: TextIO, rows: int, columns: int) -> None:
        self._stream, self._rows, self._columns, self._shown = stream, rows, columns, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text, waiting after each full page."""
        for line in text.splitlines(keepends=True):
            taken = max(1, math.ceil(width(harmless(line).rstrip()) / self._columns))
            if self._shown and self._shown + taken > self._rows:
                self._wait()
            self._stream.write(line)
            self._shown += taken * line.endswith("\n")
        return len(text)

    def _wait(self) -> None:
        self._stream.write(f"  -- {_('Enter: more; q: enough')} --")
        self._stream.flush()
        said = sys.stdin.readline()
        self._stream.write("\r\x1b[J")
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
    size = shutil.get_terminal_size()
    rows = max(_FEWEST, size.lines - _QUESTION_ROWS)
    paged = cast("TextIO", Pages(sys.stdout, rows, size.columns))
    with (
        unechoed(),
        contextlib.suppress(_EnoughError),
        contextlib.redirect_stdout(paged),
        consoles.fresh(),
    ):
        yield
