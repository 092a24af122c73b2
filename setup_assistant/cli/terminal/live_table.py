"""A table that is drawn again while the work goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from setup_assistant.cli.terminal import consoles, show


class LiveTable:
    """A table that is drawn again as its rows change; a line for each change elsewhere."""

    def __init__(self, headings: Sequence[str]) -> None:
        self._headings = headings
        self._live: Any = None

    def update(self, rows: Sequence[Sequence[str]], changed: str) -> None:
        """Show the rows as they are now; `changed` says what is new, for where none are drawn."""
        if not show.on_terminal() or show.is_silent():
            if changed:
                show.note(changed)
            return
        from rich.live import Live
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True)
        for heading in self._headings[:-1]:
            table.add_column(Text(show.inline(heading)), no_wrap=True)
        # The last one gets what is left.
        table.add_column(self._headings[-1], overflow="ellipsis", no_wrap=True, ratio=1)
        for row in rows:
            table.add_row(*(Text(show.inline(c)) for c in row))
        if self._live is None:
            self._live = Live(
                console=consoles.console("stderr"), transient=True, auto_refresh=False
            )
            self._live.start()
        self._live.update(table, refresh=True)

    def end(self) -> None:
        """Take it away; the result is shown instead."""
        if self._live is not None:
            self._live.stop()
        self._live = None
