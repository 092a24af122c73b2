"""The values of a question: its choices, its extra keys, and the ways out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

# No value of a choice: none holds a blank.
WHY, BACK, LANGUAGE, ALTERNATIVES = " why", " back", " language", " alternatives"
# Explains a question, on the screen above it.
Why = Callable[[], None]


class Back(Exception):  # noqa: N818 - no error: the person wants the question before
    """Raised where the person goes back to the question before."""


class OtherLanguage(Exception):  # noqa: N818 - no error: the person reads another language
    """Raised where the person changes the language."""


@dataclass(frozen=True)
class Choice:
    """One answer: the value, and the line a person reads."""

    value: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What else a question offers: `?` explains it, a key goes back, `L` changes the language.

    `A` shows what else could be chosen, where `alternatives` can tell.
    """

    why: Why
    back: bool = False
    language: bool = False
    alternatives: Why | None = None
