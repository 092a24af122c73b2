"""Questions line by line, for terminals that cannot move the cursor (`TERM=dumb`).

Also what a screen reader reads best. `ask` decides which form is used.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.question import ALTERNATIVES, BACK, LANGUAGE, WHY, Choice, Extras
from setup_assistant.messages import _


def select(question: str, choices: Sequence[Choice], *, default: str, extras: Extras) -> str:
    """Ask for the number of a choice; returns its value, or one of the extra answers."""
    show.line(f"? {question}")
    for number, choice in enumerate(choices, 1):
        show.line(f"  {number}  {choice.title}")
    usual = next((n for n, c in enumerate(choices, 1) if c.value == default), 1)
    letters = {"y": "yes", "n": "no"}
    while True:
        said = _read(hint([_("number, Enter: {usual}", usual=usual)], extras, _("< back"))).lower()
        if not said:
            return choices[usual - 1].value
        if said.isascii() and said.isdecimal() and 1 <= int(said) <= len(choices):
            return choices[int(said) - 1].value
        if letters.get(said) in [c.value for c in choices]:
            return letters[said]
        if extra := _extra(said, extras):
            return extra
        show.line("  ! " + _("Type a number from 1 to {last}.", last=len(choices)))


def text(question: str, *, default: str, extras: Extras) -> str:
    """Ask for a line; an empty one takes the default."""
    show.line(f"? {question}")
    said = _read(hint([_("Enter: {default}", default=default)], extras, _("< back")))
    return _extra(said, extras) or said or default


def hint(keys: list[str], extras: Extras, back: str) -> str:
    """Return the keys of a question, e.g. `(arrows, Enter; ? why; ← back)`."""
    more = [
        (True, _("? why")),
        (extras.alternatives, _("A: alternatives")),
        (extras.back, back),
        (extras.language, show.other_language()),
    ]
    return show.bracketed([*keys, *(text for offered, text in more if offered)])


def _extra(said: str, extras: Extras) -> str | None:
    known = {"?": (WHY, True), "<": (BACK, extras.back), "l": (LANGUAGE, extras.language),
             "a": (ALTERNATIVES, extras.alternatives)}  # fmt: skip
    value, offered = known.get(said, ("", None))
    return value if offered else None


def _read(hint: str) -> str:
    """Read a line; its end without one (Ctrl-D) is an interruption."""
    show.prompt(f"  {hint} > ")
    line = sys.stdin.readline()
    if not line:
        raise KeyboardInterrupt
    return line.strip()
