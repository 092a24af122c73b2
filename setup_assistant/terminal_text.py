"""Text for terminals: nothing in it that acts, widths, and lines broken where a reader would.

A Chinese character takes two columns and may stand at the end of a line, but no line begins
with a full stop; Latin words stay whole. A command stays on one line: the terminal folds it, so
that copying it gives one line again.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from typing import TextIO

# What may not begin a line, and what may not end one.
_CLOSING = frozenset("，。；：！？、）》】」』”’…%）)]}.,;:!?")
_OPENING = frozenset("（《【「『“‘([{")
# This tool as `host/program` spells it.
_COMMAND = re.compile(
    r"(?:'/[^'\n]*/setup-assistant'|(?<![\w.~-])/\S*/setup-assistant"
    r"|\S*python\S* -m setup_assistant|(?<![\w/.-])setup-assistant) \S"
)
_NARROWEST, _USUAL = 20, 80
# Sequences that a terminal obeys, with what they carry: OSC and other strings, CSI, the rest.
_SEQUENCES = re.compile(
    r"(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?"
)
# What changes the order of a line, or is not seen at all; a joiner is left between signs.
_UNSEEN = re.compile(
    r"[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad\u034f\u115f\u1160\u17b4"
    r"\u17b5\u180b-\u180e\u3164\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
    r"|(?<![^\x00-\x7f])[\u200c\u200d\ufe0e\ufe0f]|[\u200c\u200d](?![^\x00-\x7f])"
)
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_LINES = re.compile(r"[ \t]*(?:[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029][ \t]*)+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def harmless(text: str) -> str:
    """Return `text` with nothing in it that a terminal or a browser obeys instead of showing.

    Control sequences, and marks that reorder or hide text, are taken out; other control
    characters become `?`, other line ends become line feeds. Chinese, emoji and accents stay.
    """
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    text = _BREAKS.sub("\n", _SEQUENCES.sub("", text))
    return _CONTROLS.sub("?", _UNSEEN.sub("", text))


def one_line(text: str) -> str:
    """Return `text` without line ends: what is said within a line must not begin another."""
    if text.isascii() and text.isprintable():
        return text
    flat = _LINES.sub(" ", text)
    return text if flat == text else flat.strip()


def harmless_json(text: str) -> str:
    """Return JSON text with the same characters written as escapes: the value stays what it is."""
    if text.isascii():
        return text
    for pattern in (_UNSEEN, _BREAKS, _CONTROLS):
        text = pattern.sub(_escaped, text)
    return text


def _escaped(found: re.Match[str]) -> str:
    if found[0] == "\n":
        return "\n"
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def width(text: str) -> int:
    """Return how many terminal columns `text` takes; a Chinese character takes two."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth, wcwidth

    columns = wcswidth(text)
    return columns if columns >= 0 else sum(max(0, wcwidth(c)) for c in text)


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
    signs = _signs(text)
    piece = ""
    for sign, following in zip(signs, [*signs[1:], ""], strict=False):
        piece += sign
        if not following or following == " " or following in _CLOSING or sign in _OPENING:
            continue
        if sign == " " or _wide(sign) or _wide(following):
            yield piece
            piece = ""
    if piece:
        yield piece


def _signs(text: str) -> list[str]:
    """Return what is drawn as one sign each, e.g. a letter and its accents."""
    if text.isascii():
        return [*text]
    from wcwidth import iter_graphemes

    return [*iter_graphemes(text)]


def _head(text: str, columns: int) -> str:
    """Return what fits of `text`; what is drawn as one sign is not broken."""
    head, taken = "", 0
    for sign in _signs(text):
        taken += width(sign)
        if taken > columns:
            return head
        head += sign
    return text


def _wide(character: str) -> bool:
    return width(character) == 2
