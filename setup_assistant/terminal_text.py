"""Text in terminal columns: widths, padding, and lines broken where a reader would.

A Chinese character takes two columns and may stand at the end of a line, but no line begins
with a full stop; Latin words stay whole. A command stays on one line: the terminal folds it, so
that copying it gives one line again.
"""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from typing import TextIO

# What may not begin a line, and what may not end one.
_CLOSING = frozenset("，。；：！？、）》】」』”’…%）)]}.,;:!?")
_OPENING = frozenset("（《【「『“‘([{")
_COMMAND = re.compile(r"(?:python3 -m setup_assistant|(?<![\w/.-])setup-assistant) \S")
_NARROWEST, _USUAL = 20, 80


def width(text: str) -> int:
    """Return how many terminal columns `text` takes; a Chinese character takes two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def pad(text: str, columns: int) -> str:
    """Return `text` filled with blanks to `columns` terminal columns."""
    return text + " " * max(0, columns - width(text))


def cut(text: str, columns: int) -> str:
    """Return `text` in at most `columns`, with three dots for what is left out."""
    if width(text) <= columns:
        return text
    return _head(text, max(0, columns - 3)).rstrip() + "..."


def columns_of(stream: TextIO) -> int | None:
    """Return the columns of the terminal behind a stream; None where there is none.

    What the terminal itself says wins over COLUMNS, which is stale after a resize.
    """
    try:
        if not stream.isatty():
            return None
        wide = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # closed, or no file at all
        return None
    return max(_NARROWEST, wide or shutil.get_terminal_size((_USUAL, 24)).columns)


def wrap(text: str, columns: int) -> list[str]:
    """Return `text` in lines of at most `columns`; what is longer than a line is cut."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if width(line + piece.rstrip()) <= columns:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        line = piece
        while width(line.rstrip()) > columns:
            head = _head(line, columns)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line.rstrip()]


def hang(text: str, columns: int | None, indent: str = "") -> str:
    """Return a line wrapped under its own indentation; as it is where it fits.

    Args:
        text: one line; blanks and a mark such as `- ` at its beginning are its indentation.
        columns: of the terminal; None leaves every line as it is.
        indent: added to the lines that follow.
    """
    if columns is None or width(text) <= columns:
        return text
    body = text.lstrip(" ")
    first = text[: len(text) - len(body)]
    follow = first + (indent or ("  " if re.match(r"[-✓✗·!+x→>»?] ", body) else ""))
    if found := _COMMAND.search(body):
        return _around_command(body, found.start(), columns, first, follow)
    if " " not in body.strip() and ("/" in body or "\\" in body):
        return text  # a path is to be copied
    lines = wrap(body, columns - width(follow))
    return "\n".join((first if i == 0 else follow) + line for i, line in enumerate(lines))


def _around_command(body: str, at: int, columns: int, first: str, follow: str) -> str:
    """Put the command of a long line on a line of its own."""
    before, command = body[:at].rstrip(), body[at:]
    if not before:
        return first + command
    said = hang(first + before, columns)
    return f"{said}\n{follow}  {command}"


def _pieces(text: str) -> Iterator[str]:
    """Yield what may not be broken, each with the blanks that follow it."""
    piece = ""
    for i, character in enumerate(text):
        piece += character
        following = text[i + 1 : i + 2]
        if not following or following == " ":
            continue
        if following in _CLOSING or character in _OPENING:
            continue
        if character == " " or _wide(character) or _wide(following):
            yield piece
            piece = ""
    if piece:
        yield piece


def _head(text: str, columns: int) -> str:
    taken = 0
    for i, character in enumerate(text):
        taken += width(character)
        if taken > columns:
            return text[:i]
    return text


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
