"""The only place that prompts.

Every question has a flag that answers it; where there is no terminal the error names that flag.
Ctrl-C raises KeyboardInterrupt (questionary's `unsafe_ask`), so that it ends the run in one
place like any other interruption.
"""

from __future__ import annotations

import math
import os
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.words import _


class Back(Exception):  # noqa: N818 - no error: the person wants the question before
    """Raised where the person goes back to the question before."""


@dataclass(frozen=True)
class Choice:
    """One answer: the value, and the line a person reads."""

    value: str
    title: str


def interactive() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def select(
    question: str,
    choices: Sequence[Choice],
    *,
    default: str,
    flag: str,
    meanwhile: Callable[[], None] | None = None,
    why: Callable[[], None] | None = None,
    back: bool = False,
) -> str:
    """Ask for one of `choices` with the arrow keys; returns its value.

    `meanwhile` is called once the question is on the screen; `why` explains it when the person
    presses `?`, and the question comes again.

    Raises:
        Back: the person pressed the left arrow, and `back` allows it.
    """
    _need_terminal(flag)
    hint = _hint(why=why is not None, back=back)
    painted = _paint_first(f"? {question} {hint}", choices, default)
    if meanwhile:
        meanwhile()
    import questionary

    _unpaint(painted)
    while True:
        asked = questionary.select(
            question,
            choices=[questionary.Choice(c.title, value=c.value) for c in choices],
            default=default,
            instruction=hint,
            qmark="?",
            style=_style(),
        )
        _bind(asked, why=why is not None, back=back)
        answer = str(asked.unsafe_ask())
        if answer == _BACK:
            raise Back
        if answer != _WHY or why is None:
            return answer
        why()


# No value of a choice: none holds a blank.
_WHY, _BACK = " why", " back"


def _hint(*, why: bool, back: bool) -> str:
    if why and back:
        return _("(arrows, Enter; ? why; left: back)")
    return _("(arrows, Enter; ? why)") if why else _("(arrow keys, Enter)")


def _bind(asked: Any, *, why: bool, back: bool) -> None:  # noqa: ANN401 - questionary's own type
    """Let `?` and the left arrow end a question."""
    from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings

    keys = KeyBindings()
    if why:
        keys.add("?", eager=True)(lambda event: event.app.exit(result=_WHY))
    if back:
        keys.add("left", eager=True)(lambda event: event.app.exit(result=_BACK))
    own = asked.application.key_bindings
    asked.application.key_bindings = merge_key_bindings([own, keys])


def text(question: str, *, default: str, flag: str) -> str:
    """Ask for a line of text; Enter takes the default."""
    _need_terminal(flag)
    import questionary

    return str(questionary.text(question, default=default, style=_style()).unsafe_ask()).strip()


def confirm(question: str, *, default: bool, flag: str) -> bool:
    """Ask yes or no; Enter takes the default."""
    _need_terminal(flag)
    import questionary

    return bool(questionary.confirm(question, default=default, style=_style()).unsafe_ask())


def _need_terminal(flag: str) -> None:
    if not interactive():
        raise SetupError("unanswered", flag=flag)


def _style() -> Any:  # noqa: ANN401 - questionary's own type, imported late
    import questionary

    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return questionary.Style([(name, "noinherit") for name in (
            "qmark", "question", "answer", "pointer", "highlighted", "selected", "instruction",
        )])  # fmt: skip
    return questionary.Style([("highlighted", "bold"), ("pointer", "bold"), ("selected", "")])


def _paint_first(heading: str, choices: Sequence[Choice], default: str) -> int:
    """Show the first question at once, as plain text, while the prompt library loads.

    Returns the number of screen lines painted; 0 where nothing was.
    """
    if "questionary" in sys.modules or os.environ.get("TERM") == "dumb" or os.name == "nt":
        return 0
    marks = {default: " » "}
    lines = [heading, *(marks.get(c.value, "   ") + c.title for c in choices)]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    columns = os.get_terminal_size().columns or 80
    return sum(max(1, math.ceil(_width(line) / columns)) for line in lines)


def _unpaint(lines: int) -> None:
    if lines:
        sys.stdout.write(f"\x1b[{lines}A\x1b[J")
        sys.stdout.flush()


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
