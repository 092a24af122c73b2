"""The only place that prompts.

Every question has a flag that answers it; where there is no terminal the error names that flag.
Every question explains itself when `?` is pressed. Ctrl-C raises KeyboardInterrupt (questionary's
`unsafe_ask`), so that it ends the run in one place like any other interruption.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from setup_assistant.cli.terminal import ask_drawn, ask_lines, show
from setup_assistant.cli.terminal.ask_drawn import Asked
from setup_assistant.cli.terminal.instant_prompt import unechoed
from setup_assistant.cli.terminal.pager import pages
from setup_assistant.cli.terminal.question import (
    ALTERNATIVES,
    BACK,
    LANGUAGE,
    WHY,
    Back,
    Choice,
    Extras,
    OtherLanguage,
    Why,
)
from setup_assistant.errors import SetupError
from setup_assistant.messages import _


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
    extras: Extras,
    meanwhile: Callable[[], None] | None = None,
    shortcuts: str = "",
) -> str:
    """Ask for one of `choices` with the arrow keys; returns its value.

    `meanwhile` is called once the question is on the screen. A letter of `shortcuts` chooses
    the choice of the same place.

    Raises:
        Back, OtherLanguage: a key of `extras` was pressed.
    """
    need_terminal(flag)
    choices = [Choice(c.value, show.safe(c.title)) for c in choices]
    put = Asked(question=show.safe(question), choices=choices, default=default,
                extras=extras, shortcuts=shortcuts)  # fmt: skip
    with _keys_held():
        while True:
            answer = _put(put, meanwhile)
            meanwhile = None
            tell = {WHY: extras.why, ALTERNATIVES: extras.alternatives}.get(answer)
            if tell is None:
                return _ended(answer)
            with pages():
                tell()


def text(
    question: str,
    *,
    default: str,
    flag: str,
    extras: Extras,
    wrong: Callable[[str], str | None] | None = None,
) -> str:
    """Ask for a line of text; Enter takes the default, typing replaces it.

    `wrong` returns what is wrong with an answer; the question then comes again.

    Raises:
        Back: the person pressed the up arrow, and `extras` allow it.
    """
    need_terminal(flag)
    question, default = show.safe(question), show.safe(default)
    last = default
    with _keys_held():
        while True:
            answer = _type(question, default, last, extras)
            if answer == WHY:
                with pages():
                    extras.why()
                continue
            fault = wrong(_ended(answer)) if wrong else None
            if fault is None:
                return _ended(answer)
            show.line(f"  ! {fault}")
            last = answer


def confirm(question: str, *, default: bool, flag: str, why: Why) -> bool:
    """Ask yes or no; Enter takes the default, `y` and `n` answer at once."""
    choices = [Choice("yes", _("Yes")), Choice("no", _("No"))]
    chosen = "yes" if default else "no"
    extras = Extras(why=why)
    return select(question, choices, default=chosen, flag=flag, extras=extras,
                  shortcuts="yn") == "yes"  # fmt: skip


def password(question: str, *, flag: str) -> str:
    """Ask for a password, which is not shown."""
    import getpass

    need_terminal(flag)
    return getpass.getpass(f"? {show.safe(question)}: ")


def paste(question: str, *, flag: str, why: Why) -> str:
    """Ask for several lines, ended with Ctrl-D on an empty line."""
    need_terminal(flag)
    while True:
        show.line(f"? {question}")
        show.line("  " + _("Paste it here, then press Enter and Ctrl-D (? explains)."))
        first = sys.stdin.readline()
        if first.strip() != "?":
            return first + (sys.stdin.read() if first else "")
        why()


def line(title: str) -> str:
    """Read one line; its end without one (Ctrl-D) is an empty answer."""
    show.prompt(f"{title} > ")
    return sys.stdin.readline().strip()


def told(*lines: str) -> Why:
    """Return an explanation of these lines."""

    def tell() -> None:
        for said in lines:
            show.line(f"  - {said}")

    return tell


def _put(put: Asked, meanwhile: Callable[[], None] | None) -> str:
    if not show.is_plain():
        return ask_drawn.select(put, meanwhile)
    if meanwhile:
        meanwhile()
    return ask_lines.select(put.question, put.choices, default=put.default, extras=put.extras)


def _type(question: str, default: str, last: str, extras: Extras) -> str:
    if not show.is_plain():
        return ask_drawn.text(question, default, last=last, extras=extras)
    return ask_lines.text(question, default=default, extras=extras)


def _keys_held() -> AbstractContextManager[None]:
    """While a question loads and is explained, keys wait for it unseen; plain lines are echoed."""
    return nullcontext() if show.is_plain() else unechoed()


def _ended(answer: str) -> str:
    if answer == BACK:
        raise Back
    if answer == LANGUAGE:
        raise OtherLanguage
    return answer


def need_terminal(flag: str) -> None:
    """Refuse to ask where nobody is there.

    Raises:
        SetupError: `unanswered`; its remedy names only flags of the verb that runs.
    """
    if not interactive():
        raise SetupError("unanswered", flag=flag, remedy=_without_asking(flag))


def _without_asking(flag: str) -> str:
    """Say how `flag` is answered beforehand, with what the running verb's command line offers."""
    import click

    context = click.get_current_context(silent=True)
    has = {o for p in context.command.params for o in p.opts} if context else set()
    if flag not in has:  # a variable of Ansible
        return _("Set {flag} in the inventory.", flag=flag)
    if flag != "--yes":
        return _("Give the answer with {flag}.", flag=flag)
    if "--answers" in has:
        return _("Take the defaults with --yes, or give your answers with --answers FILE --yes.")
    if "--dry-run" in has:
        return _("Agree with --yes; --dry-run shows first what would change.")
    return _("Agree with --yes.")
