"""The only place that prints.

Standard output carries the result (or, under `--json`, the envelope and nothing else);
progress and remarks go to standard error. rich is imported only where something is drawn.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

from setup_assistant.host import clock
from setup_assistant.host.program import spell
from setup_assistant.host.secrets import redact

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


@dataclass
class _Mode:
    json: bool = False
    quiet: bool = False
    verbose: bool = False


_mode = _Mode()
_consoles: dict[str, Console] = {}


def configure(*, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Say once per run how to show things."""
    _mode.json, _mode.quiet, _mode.verbose = as_json, quiet, verbose
    _consoles.clear()


def is_json() -> bool:
    """Whether standard output belongs to the JSON envelope."""
    return _mode.json


def is_silent() -> bool:
    """Whether only results and errors are wanted."""
    return _mode.json or _mode.quiet


def is_verbose() -> bool:
    """Whether detail was asked for."""
    return _mode.verbose


def envelope(value: dict[str, Any]) -> None:
    """Print the JSON envelope; ASCII only where the terminal cannot print Chinese."""
    _write(sys.stdout, json.dumps(value, indent=2, ensure_ascii=_needs_ascii(sys.stdout)) + "\n")


def line(text: str = "") -> None:
    """Print one line of the result."""
    if not _mode.json:
        _write(sys.stdout, redact(spell(text)) + "\n")


def verbatim(text: str) -> None:
    """Print text for another program as it is, e.g. a shell script."""
    if not _mode.json:
        _write(sys.stdout, text + "\n")


def note(text: str) -> None:
    """Print one line about the work under way, to standard error."""
    if not (_mode.json or _mode.quiet):
        _write(sys.stderr, redact(spell(text)) + "\n")


def problem(message: str, hint: str) -> None:
    """Print a failure and its remedy to standard error."""
    styled = console("stderr")
    styled.print(
        f"✗ {redact(message)}" if _can_draw() else f"x {redact(message)}",
        style="bold red",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    if hint:
        styled.print(
            f"  → {redact(hint)}" if _can_draw() else f"  -> {redact(hint)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def table(
    rows: Iterable[Sequence[str]], headings: Sequence[str] = (), title: str | None = None
) -> None:
    """Print a table whose Chinese cells are aligned; the last column wraps."""
    if _mode.json:
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD if _can_draw() else box.ASCII,
        show_header=bool(headings),
        pad_edge=False,
    )
    listed = [list(r) for r in rows]
    columns = len(headings) or max((len(r) for r in listed), default=0)
    for i in range(columns):
        last = i == columns - 1
        drawn.add_column(
            headings[i] if headings else "", overflow="fold", no_wrap=not last and i == 0
        )
    for row in listed:
        drawn.add_row(*(Text(redact(c)) for c in row))
    console("stdout").print(drawn)


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Print label and value, aligned and wrapped, without lines around them."""
    if _mode.json:
        return
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, show_header=False, pad_edge=True, padding=(0, 2, 0, 0))
    drawn.add_column(style="dim", max_width=20, overflow="fold")
    drawn.add_column(overflow="fold")
    for label, value in rows:
        drawn.add_row(Text(f"  {redact(label)}"), Text(redact(value)))
    console("stdout").print(drawn)


def heading(text: str) -> None:
    """Print a heading of the result."""
    if not _mode.json:
        console("stdout").print(text, style="bold", markup=False, highlight=False)


def console(stream: str) -> Console:
    """Return the rich console of a stream ("stdout" or "stderr")."""
    if stream not in _consoles:
        from rich.console import Console

        _consoles[stream] = Console(
            file=sys.stdout if stream == "stdout" else sys.stderr,
            no_color=True if os.environ.get("NO_COLOR") else None,
            highlight=False,
        )
    return _consoles[stream]


def on_terminal() -> bool:
    """Whether progress may be drawn in place."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not _mode.json


def _can_draw() -> bool:
    return not _needs_ascii(sys.stdout)


def _needs_ascii(stream: TextIO) -> bool:
    try:
        "✗→─中".encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return True
    return False


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


class Progress:
    """One calm line for work under way: a bar on a terminal, a line now and then elsewhere."""

    _EVERY_SECONDS = 10.0

    def __init__(self) -> None:
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._told = clock.monotonic()

    def begin(self, title: str) -> None:
        """Show what begins."""
        self._told = clock.monotonic()
        if not on_terminal() or _mode.quiet:
            note(f"… {title}" if _can_draw() else f"... {title}")
            return
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            SpinnerColumn("line"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[amount]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=console("stderr"),
            transient=True,
        )
        self._bar.start()
        self._task = self._bar.add_task(title, total=None, amount="")

    def update(self, done: float, total: float | None, text: str) -> None:
        """Show how far it is; `done` and `total` are bytes."""
        amount = f"{done / 1e9:.2f} / {total / 1e9:.2f} GB" if total else ""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, amount=amount)
        elif clock.monotonic() - self._told >= self._EVERY_SECONDS:
            self._told = clock.monotonic()
            note(f"  {text}  {amount}".rstrip())

    def end(self) -> None:
        """Take the line away."""
        if self._bar is not None:
            self._bar.stop()
        self._bar, self._task = None, None


def bar(share: float, columns: int = 30) -> str:
    """Return a bar that fills so much (0 to 1) of so many columns; what is not nothing shows."""
    full = max(round(min(share, 1.0) * columns), 1 if share > 0 else 0)
    return ("█" if _can_draw() else "#") * full


def mark(ok: bool | None) -> str:
    """Return the sign in front of a finished line: done, failed, or nothing to do."""
    drawn = {True: "✓", False: "✗", None: "·"}
    plain = {True: "+", False: "x", None: "-"}
    return (drawn if _can_draw() else plain)[ok]
