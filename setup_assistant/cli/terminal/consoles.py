"""rich's consoles of the two streams; rich is imported only where something is drawn."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from setup_assistant.terminal_text import columns_of

if TYPE_CHECKING:
    from rich.console import Console

_consoles: dict[str, Console] = {}


def forget() -> None:
    """Let the consoles be made anew: the streams or the way to show things have changed."""
    _consoles.clear()


def console(stream: str) -> Console:
    """Return the rich console of a stream ("stdout" or "stderr")."""
    if stream not in _consoles:
        from rich.console import Console

        class Quiet(Console):
            """Leaves a closed pipe to `nobody_reads`."""

            def on_broken_pipe(self) -> None:
                raise BrokenPipeError

        file = sys.stdout if stream == "stdout" else sys.stderr
        _consoles[stream] = Quiet(
            file=file,
            width=columns_of(file),
            no_color=True if os.environ.get("NO_COLOR") else None,
            highlight=False,
        )
    return _consoles[stream]


@contextlib.contextmanager
def fresh() -> Iterator[None]:
    """Draw on the standard output of the moment, and on the one before afterwards."""
    before = _consoles.pop("stdout", None)
    try:
        yield
    finally:
        _consoles.pop("stdout", None)
        if before is not None:
            _consoles["stdout"] = before
