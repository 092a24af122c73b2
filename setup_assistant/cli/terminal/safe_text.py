"""Text as a stream may have it: no secret in it, nothing that a terminal obeys."""

from __future__ import annotations

from typing import TextIO

from setup_assistant.cli.terminal.symbols import in_ascii, needs_ascii
from setup_assistant.host.program import spell
from setup_assistant.host.secrets import redact
from setup_assistant.terminal_text import harmless, one_line


def safe(text: str) -> str:
    """Return text with no secret in it and nothing that a terminal obeys."""
    return harmless(redact(harmless(text)))


def inline(text: str) -> str:
    """Return text as one line with nothing in it that a terminal obeys."""
    return one_line(safe(text))


def said(text: str, stream: TextIO) -> str:
    """Return text as the stream may have it: no secrets, commands as they can be pasted."""
    text = safe(spell(text))
    return in_ascii(text) if needs_ascii(stream) else text


def said_flat(text: str, stream: TextIO) -> str:
    """As `said`, as one line: no text from outside can look like a line of ours."""
    lead = text[: len(text) - len(text.lstrip(" "))]
    return lead + one_line(said(text, stream)).lstrip(" ")
