"""Signs and separators: what the terminal and the language can show."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from setup_assistant import messages

_LOCALES = ("LC_ALL", "LC_CTYPE", "LANG")
# What stands for signs that a terminal without UTF-8 cannot show.
_ASCII = str.maketrans({"…": "...", "→": "->", "←": "<-", "—": "-", "–": "-", "×": "x", "’": "'",
                        "·": "-", "✓": "+", "✗": "x", "≥": ">=", "≤": "<="})  # fmt: skip


def ellipsis() -> str:
    """Return the sign in front of work that begins."""
    return "…" if can_draw() else "..."


def can_draw() -> bool:
    """Whether signs outside ASCII reach the reader."""
    return not needs_ascii(sys.stdout)


def other_language() -> str:
    """Return the key that changes the language, named in that language."""
    if messages.language() == "zh_CN":
        return "L: English"
    return "L: 中文" if not needs_ascii(sys.stdout) else "L: Chinese"


def needs_ascii(stream: TextIO) -> bool:
    """Whether a stream, or who reads it, takes nothing but ASCII."""
    wanted = next((v for n in _LOCALES if (v := os.environ.get(n))), "")
    if wanted in ("C", "POSIX") and messages.language() == "en":
        # Python writes UTF-8 there all the same; who asks for C may not read it.
        return True
    try:
        "✗→─中".encode(stream.encoding or "ascii")
    except (LookupError, UnicodeEncodeError):
        return True
    return False


def listed(words_: Iterable[str]) -> str:
    """Return words as a list inside a sentence."""
    return ("、" if messages.language() == "zh_CN" else ", ").join(words_)


def bracketed(parts: Iterable[str]) -> str:
    """Return remarks in brackets, e.g. the keys of a question."""
    return f"（{'；'.join(parts)}）" if messages.language() == "zh_CN" else f"({'; '.join(parts)})"


def bar(share: float, columns: int = 30) -> str:
    """Return a bar that fills so much (0 to 1) of so many columns; what is not nothing shows."""
    full = max(round(min(share, 1.0) * columns), 1 if share > 0 else 0)
    return ("█" if can_draw() else "#") * full


def mark(ok: bool | None) -> str:
    """Return the sign in front of a finished line: done, failed, or nothing to do."""
    drawn = {True: "✓", False: "✗", None: "·"}
    plain = {True: "+", False: "x", None: "-"}
    return (drawn if can_draw() else plain)[ok]


def in_ascii(text: str) -> str:
    """Return text with other signs for those that need more than ASCII."""
    return text.translate(_ASCII)
