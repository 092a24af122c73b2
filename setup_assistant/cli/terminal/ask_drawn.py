"""Questions drawn on a terminal that can move the cursor, through questionary.

`ask` decides which form is used; each question leaves one line of itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.ask_lines import hint
from setup_assistant.cli.terminal.instant_prompt import painted
from setup_assistant.cli.terminal.question import ALTERNATIVES, BACK, LANGUAGE, WHY, Choice, Extras
from setup_assistant.messages import _
from setup_assistant.terminal_text import columns_of, cut, width, wrap

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question as it is put."""

    question: str
    choices: Sequence[Choice]
    default: str
    extras: Extras
    shortcuts: str


def select(put: Asked, meanwhile: Callable[[], None] | None) -> str:
    """Let questionary ask, and leave one line of it."""
    question, choices, extras = put.question, put.choices, put.extras
    columns = columns_of(sys.stdout) or 80
    left = "←" if show.can_draw() else _("left")
    keys = hint([_("arrows, Enter")], extras, _("{key} back", key=left))
    if width(f"? {question} {keys}") >= columns:
        keys = f"\n  {keys}"
    titles = {c.value: "\n   ".join(wrap(c.title, columns - 4)) for c in choices}
    with painted(f"? {question} {keys}", titles, put.default):
        if meanwhile:
            meanwhile()
        import questionary
    asked = questionary.select(
        question,
        choices=[questionary.Choice(titles[c.value], value=c.value) for c in choices],
        default=put.default,
        instruction=keys,
        qmark="?",
        pointer="»" if show.can_draw() else ">",
        style=_style(),
        erase_when_done=True,
    )
    letters = {k: c.value for k, c in zip(put.shortcuts, choices, strict=False)}
    _bind(asked.application, extras, letters)
    answer = str(asked.unsafe_ask())
    said = next((c.title for c in choices if c.value == answer), "")
    if said:
        show.line(f"? {question} {said}", indent="  ")
    return answer


def text(question: str, default: str, *, last: str, extras: Extras) -> str:
    """Let a line be typed: the default is shown until something is, and Tab fills `last` in."""
    import questionary

    columns = columns_of(sys.stdout) or 80
    up = "↑" if show.can_draw() else _("up")
    keys = hint([_("Enter, or type another"), _("Tab: edit")], extras, _("{key} back", key=up))
    said = f"? {question} {keys}"
    if width(f"{said} {default}") >= columns:
        keys += "\n "
        # Drawn on one line, what is too wide would be folded anywhere.
        keys = f"\n  {keys}" if width(said) >= columns else keys
    asked = questionary.text(
        f"{question} {keys}",
        qmark="?",
        style=_style(),
        erase_when_done=True,
        placeholder=[("class:placeholder", cut(default, columns - 4))],
    )
    _bind(asked.application, extras, {}, key="up", fill=last)
    answer = str(asked.unsafe_ask())
    if answer in (BACK, WHY):
        return answer
    answer = answer.strip() or default
    show.line(f"? {question} {answer}", indent="  ")
    return answer


def _bind(
    application: Any,  # noqa: ANN401 - questionary's own type
    extras: Extras,
    letters: dict[str, str],
    key: str = "left",
    fill: str | None = None,
) -> None:
    """Let the extra keys, and letters that answer, end a question.

    Where a line is typed (`fill` is given) they count only while it is empty.
    """
    from prompt_toolkit.filters import Condition
    from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings

    keys = KeyBindings()
    ends = {**letters, "?": WHY}
    if extras.back:
        ends[key] = BACK
    if extras.language:
        ends |= {"l": LANGUAGE, "L": LANGUAGE}
    if extras.alternatives:
        ends |= {"a": ALTERNATIVES, "A": ALTERNATIVES}
    still_empty = Condition(lambda: fill is None or not application.current_buffer.text)
    for pressed, result in ends.items():
        when = still_empty if pressed == "?" else True
        keys.add(pressed, eager=True, filter=when)(lambda event, r=result: event.app.exit(result=r))
    if fill is not None:
        _fill(keys, fill, still_empty)
    # Ctrl-C that comes as a signal, before the prompt has taken the keyboard over: questionary
    # knows only the key, and the prompt library would drop the signal.
    keys.add("<sigint>", eager=True)(
        lambda event: event.app.exit(exception=KeyboardInterrupt, style="class:aborting")
    )
    application.key_bindings = merge_key_bindings([application.key_bindings, keys])


def _fill(keys: KeyBindings, text: str, when: Any) -> None:  # noqa: ANN401 - a filter
    """Let Tab and the right arrow put a text into an empty line, to be edited."""
    for pressed in ("tab", "right"):
        keys.add(pressed, eager=True, filter=when)(
            lambda event: event.current_buffer.insert_text(text)
        )


def _style() -> Any:  # noqa: ANN401 - questionary's own type, imported late
    import questionary

    if os.environ.get("NO_COLOR"):
        return questionary.Style([(name, "noinherit") for name in (
            "qmark", "question", "answer", "pointer", "highlighted", "selected", "instruction",
            "placeholder",
        )])  # fmt: skip
    return questionary.Style([("highlighted", "bold"), ("pointer", "bold"), ("selected", ""),
                              ("placeholder", "ansibrightblack")])  # fmt: skip
