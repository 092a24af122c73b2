"""The only place that prompts.

Every question has a flag that answers it; where there is no terminal the error names that flag.
Ctrl-C raises KeyboardInterrupt (questionary's `unsafe_ask`), so that it ends the run in one
place like any other interruption.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.instant_prompt import painted
from setup_assistant.cli.terminal.question import (
    BACK,
    LANGUAGE,
    WHY,
    Back,
    Choice,
    Extras,
    OtherLanguage,
)
from setup_assistant.errors import SetupError
from setup_assistant.messages import _
from setup_assistant.terminal_text import columns_of, hang, width, wrap


def interactive() -> bool:
    """Whether there is somebody to ask."""
    try:
        return sys.stdin.isatty() and sys.stdout.isatty()
    except (AttributeError, ValueError):  # closed
        return False


def select(
    question: str,
    choices: Sequence[Choice],
    *,
    default: str,
    flag: str,
    meanwhile: Callable[[], None] | None = None,
    extras: Extras | None = None,
    shortcuts: str = "",
) -> str:
    """Ask for one of `choices` with the arrow keys; returns its value.

    `meanwhile` is called once the question is on the screen. A letter of `shortcuts` chooses
    the choice of the same place.

    Raises:
        Back, OtherLanguage: a key of `extras` was pressed.
    """
    _need_terminal(flag)
    choices = [Choice(c.value, show.safe(c.title)) for c in choices]
    put = _Asked(question=show.safe(question), choices=choices, default=default,
                 extras=extras or Extras(), shortcuts=shortcuts)  # fmt: skip
    while True:
        answer = _put(put, meanwhile)
        meanwhile = None
        if answer == WHY and put.extras.why:
            put.extras.why()
            continue
        return _ended(answer)


def line(title: str) -> str:
    """Read one line; its end without one (Ctrl-D) is an empty answer."""
    show.prompt(f"{title} > ")
    return sys.stdin.readline().strip()


def _put(put: _Asked, meanwhile: Callable[[], None] | None) -> str:
    if not show.is_plain():
        return _drawn(put, meanwhile)
    from setup_assistant.cli.terminal import ask_lines

    if meanwhile:
        meanwhile()
    return ask_lines.select(put.question, put.choices, default=put.default, extras=put.extras)


def text(
    question: str,
    *,
    default: str,
    flag: str,
    back: bool = False,
    wrong: Callable[[str], str | None] | None = None,
) -> str:
    """Ask for a line of text; Enter takes the default.

    `wrong` returns what is wrong with an answer; the question then comes again.

    Raises:
        Back: the person pressed the up arrow, and `back` allows it.
    """
    _need_terminal(flag)
    question, default = show.safe(question), show.safe(default)
    while True:
        if show.is_plain():
            from setup_assistant.cli.terminal import ask_lines

            answer = _ended(ask_lines.text(question, default=default, back=back))
        else:
            answer = _ended(_typed(question, default, back=back))
        fault = wrong(answer) if wrong else None
        if fault is None:
            return answer
        show.line(f"  ! {fault}")
        default = answer


def confirm(question: str, *, default: bool, flag: str) -> bool:
    """Ask yes or no; Enter takes the default, `y` and `n` answer at once."""
    choices = [Choice("yes", _("Yes")), Choice("no", _("No"))]
    chosen = "yes" if default else "no"
    return select(question, choices, default=chosen, flag=flag, shortcuts="yn") == "yes"


def password(question: str, *, flag: str) -> str:
    """Ask for a password, which is not shown."""
    import getpass

    _need_terminal(flag)
    return getpass.getpass(f"? {question}: ")


def paste(question: str, *, flag: str) -> str:
    """Ask for several lines, ended with Ctrl-D on an empty line."""
    _need_terminal(flag)
    show.line(f"? {question}")
    show.line("  " + _("Paste it here, then press Enter and Ctrl-D."))
    return sys.stdin.read()


def hint(extras: Extras, *, arrows: bool = True) -> str:
    """Return the keys of a question, e.g. `(arrows, Enter; ? why; ← back)`."""
    left, up = ("←", "↑") if show.can_draw() else (_("left"), _("up"))
    keys = [_("arrows, Enter") if arrows else _("Enter")]
    if extras.why:
        keys.append(_("? why"))
    if extras.back:
        keys.append(_("{key} back", key=left if arrows else up))
    if extras.language:
        keys.append(show.other_language())
    return show.bracketed(keys)


def _ended(answer: str) -> str:
    if answer == BACK:
        raise Back
    if answer == LANGUAGE:
        raise OtherLanguage
    return answer


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One question as it is put."""

    question: str
    choices: Sequence[Choice]
    default: str
    extras: Extras
    shortcuts: str


def _drawn(put: _Asked, meanwhile: Callable[[], None] | None) -> str:
    """Let questionary ask, and leave one line of it."""
    question, choices, extras = put.question, put.choices, put.extras
    columns = columns_of(sys.stdout) or 80
    keys = hint(extras)
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
        show.line(hang(f"? {question} {said}", columns, "  "))
    return answer


def _typed(question: str, default: str, *, back: bool) -> str:
    import questionary

    said = f"{question} {hint(Extras(back=True), arrows=False)}" if back else question
    if width(f"? {said} {default}") >= (columns_of(sys.stdout) or 80):
        said += "\n "
    asked = questionary.text(said, default=default, style=_style(), erase_when_done=True)
    _bind(asked.application, Extras(back=back), {}, key="up")
    answer = str(asked.unsafe_ask())
    if answer != BACK:
        answer = answer.strip()
        show.line(f"? {question} {answer}")
    return answer


def _bind(application: Any, extras: Extras, letters: dict[str, str], key: str = "left") -> None:  # noqa: ANN401 - questionary's own type
    """Let the extra keys, and letters that answer, end a question."""
    from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings

    keys = KeyBindings()
    ends = {**letters}
    if extras.why:
        ends["?"] = WHY
    if extras.back:
        ends[key] = BACK
    if extras.language:
        ends |= {"l": LANGUAGE, "L": LANGUAGE}
    for pressed, result in ends.items():
        keys.add(pressed, eager=True)(lambda event, r=result: event.app.exit(result=r))
    # Ctrl-C that comes as a signal, before the prompt has taken the keyboard over: questionary
    # knows only the key, and the prompt library would drop the signal.
    keys.add("<sigint>", eager=True)(
        lambda event: event.app.exit(exception=KeyboardInterrupt, style="class:aborting")
    )
    application.key_bindings = merge_key_bindings([application.key_bindings, keys])


def _need_terminal(flag: str) -> None:
    if not interactive():
        raise SetupError("unanswered", flag=flag)


def _style() -> Any:  # noqa: ANN401 - questionary's own type, imported late
    import questionary

    if os.environ.get("NO_COLOR"):
        return questionary.Style([(name, "noinherit") for name in (
            "qmark", "question", "answer", "pointer", "highlighted", "selected", "instruction",
        )])  # fmt: skip
    return questionary.Style([("highlighted", "bold"), ("pointer", "bold"), ("selected", "")])
