"""The only place that prints.

Standard output carries the result (or, under `--json`, the envelope and nothing else);
progress and remarks go to standard error.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from setup_assistant.cli.terminal import consoles
from setup_assistant.cli.terminal.consoles import console
from setup_assistant.cli.terminal.safe_text import inline, safe, said, said_flat
from setup_assistant.cli.terminal.symbols import (
    bar,
    bracketed,
    can_draw,
    ellipsis,
    listed,
    mark,
    needs_ascii,
    other_language,
)
from setup_assistant.host.secrets import redact_json
from setup_assistant.terminal_text import (
    columns_of,
    hang,
    harmless,
    harmless_json,
    pad,
    width,
    wrap,
)

__all__ = ["bar", "bracketed", "can_draw", "ellipsis", "inline", "listed", "mark",
           "other_language", "safe"]  # fmt: skip


@dataclass
class _Mode:
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    # The line that is being redrawn on standard error.
    live: str = ""


_PIPED_COLUMNS, _LABEL_COLUMNS = 80, 20
_mode = _Mode()


def configure(*, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Say once per run how to show things."""
    _mode.json, _mode.quiet, _mode.verbose = as_json, quiet, verbose
    consoles.forget()


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
    text = json.dumps(redact_json(value), indent=2, ensure_ascii=needs_ascii(sys.stdout))
    _write(sys.stdout, harmless_json(text) + "\n")


def line(text: str = "", indent: str = "") -> None:
    """Print one line of the result, folded at words on a terminal."""
    if not _mode.json:
        said = said_flat(text, sys.stdout)
        _write(sys.stdout, hang(said, columns_of(sys.stdout), indent) + "\n")


def streamed(text: str) -> None:
    """Print a piece of a text that is still being made, as it is."""
    if not _mode.json:
        _write(sys.stdout, said(text, sys.stdout))


def command(text: str) -> None:
    """Print a command that is to be copied: the terminal folds it, so it stays one line."""
    if not _mode.json:
        _write(sys.stdout, said_flat(text, sys.stdout) + "\n")


def event(value: dict[str, Any]) -> None:
    """Print one event under `--json`, as one line on standard error; `--quiet` leaves it out."""
    if _mode.json and not _mode.quiet:
        _write(sys.stderr, json.dumps(redact_json(value)) + "\n")


def verbatim(text: str) -> None:
    """Print text for another program as it is, e.g. a shell script."""
    if not _mode.json:
        _write(sys.stdout, safe(text) + "\n")


def handed_over(text: str) -> None:
    """Print text with a secret of this run in it that its reader needs."""
    if not _mode.json:
        _write(sys.stdout, harmless(text) + "\n")


def page(text: str) -> None:
    """Print Markdown: laid out on a terminal, as it is elsewhere.

    What is to be pasted keeps its lines, however narrow the terminal is.
    """
    text = said(text, sys.stdout)
    if _mode.json or columns_of(sys.stdout) is None or is_plain():
        return verbatim(text.rstrip())
    import re

    from rich.markdown import Markdown

    parts = re.split(r"(?ms)^```\w*\n(.*?)^```$", text)
    for place, part in enumerate(parts):
        if place % 2:
            verbatim("\n" + "\n".join(f"  {line}" for line in part.splitlines()) + "\n")
        else:
            console("stdout").print(Markdown(part))
    return None


def note(text: str) -> None:
    """Print one line about the work under way, to standard error."""
    if not (_mode.json or _mode.quiet):
        _write(sys.stderr, hang(said_flat(text, sys.stderr), columns_of(sys.stderr)) + "\n")


def live(text: str) -> None:
    """Redraw the one line of work under way on a terminal; an empty one takes it away."""
    if on_terminal() and not is_silent() and text != _mode.live:
        _mode.live = text
        _write(sys.stderr, f"\r\x1b[K{inline(text)}")


def remedied(message: str, hint: str) -> str:
    """Return a failure and its remedy as lines that fit the terminal."""
    return "\n".join(_failure(said(message, sys.stdout), said(hint, sys.stdout), sys.stdout))


def problem(message: str, hint: str) -> None:
    """Print a failure and its remedy to standard error."""
    said_ = (said_flat(message, sys.stderr), said_flat(hint, sys.stderr))
    for text, style in zip(_failure(*said_, sys.stderr), ("bold red", ""), strict=False):
        console("stderr").print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _failure(message: str, hint: str, stream: TextIO) -> list[str]:
    """Return the lines of a failure, and of its remedy where there is one."""
    sign, arrow = ("✗", "→") if can_draw() else ("x", "->")
    lines = [f"{sign} {message}", *([f"  {arrow} {hint}"] if hint else [])]
    return [hang(text, columns_of(stream)) for text in lines]


def table(rows: Iterable[Sequence[str]], headings: Sequence[str] = ()) -> None:
    """Print a table whose Chinese cells are aligned; a first column that is wide wraps, too."""
    if _mode.json:
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        box=box.SIMPLE_HEAD if can_draw() else box.ASCII,
        show_header=bool(headings),
        pad_edge=False,
    )
    listed = [list(r) for r in rows]
    columns = len(headings) or max((len(r) for r in listed), default=0)
    out = console("stdout")
    # One that may not wrap leaves the others no room where it fills the line.
    narrow = all(2 * width(r[0]) <= out.width for r in listed if r)
    for i in range(columns):
        heading = Text(said(headings[i], sys.stdout) if headings else "")
        drawn.add_column(heading, overflow="fold", no_wrap=narrow and i == 0 < columns - 1)
    for row in listed:
        drawn.add_row(*(Text(said_flat(c, sys.stdout)) for c in row))
    out.print(drawn)


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Print label and value, aligned and wrapped, without lines around them."""
    if _mode.json:
        return
    from rich.text import Text

    found = [(said_flat(a, sys.stdout), said_flat(b, sys.stdout)) for a, b in rows]
    columns = columns_of(sys.stdout) or _PIPED_COLUMNS
    wide = max((width(label) for label, _value in found), default=0)
    wide = min(wide, _LABEL_COLUMNS, columns // 3)
    for label, value in found:
        begun = pad(f"  {label}", wide + 4)
        first, *rest = wrap(value, columns - wide - 4) or [""]
        if width(label) > wide:
            console("stdout").print(Text(f"  {label}", style="dim"), soft_wrap=True)
            begun = " " * (wide + 4)
        console("stdout").print(Text.assemble((begun, "dim"), first), soft_wrap=True)
        for more in rest:
            console("stdout").print(Text(" " * (wide + 4) + more), soft_wrap=True)


def heading(text: str) -> None:
    """Print a heading of the result."""
    if not _mode.json:
        console("stdout").print(
            said_flat(text, sys.stdout), style="bold", markup=False, highlight=False
        )


def nobody_reads() -> None:
    """Send the rest of standard output nowhere, also what Python itself flushes at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())


def on_terminal() -> bool:
    """Whether progress may be drawn in place."""
    return sys.stderr.isatty() and not is_plain() and not _mode.json


def error_columns() -> int:
    """Return the columns of the terminal on standard error."""
    return columns_of(sys.stderr) or _PIPED_COLUMNS


def is_plain() -> bool:
    """Whether the terminal can only print one line after the other."""
    return os.environ.get("TERM", "dumb") == "dumb" and os.name != "nt"


def prompt(text: str) -> None:
    """Print what stands before an answer that is typed."""
    _write(sys.stdout, safe(text))


def _write(stream: TextIO, text: str) -> None:
    if _mode.live and not text.startswith("\r"):
        # The work's own thread draws it again.
        live("")
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()
