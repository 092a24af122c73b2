"""Tells a person what the steps are doing, through `show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.progress import Progress
from setup_assistant.messages import Message, _

if TYPE_CHECKING:
    from setup_assistant.steps.run_steps import Done


# What to expect of steps that cannot tell how far they are: nearly all of it goes into importing
# torch and transformers (measured: 7 to 15 s) and, for the real model, into loading it.
_EXPECTED_SECONDS = {"canary": 15.0, "rehearsal": 60.0, "smoke": 90.0}


class Guide:
    """Draws steps and their progress; also the steps' own `Teller`."""

    def __init__(self) -> None:
        self._progress = Progress()
        self._parts: list[tuple[str, bool]] = []

    def begin(self, title: Message, name: str = "") -> None:
        """A step begins."""
        self._parts.clear()
        self._progress.begin(str(title), expected_seconds=_EXPECTED_SECONDS.get(name))

    def end(self, title: Message, done: Done) -> None:
        """A step ended: one line, with its seconds where something was done."""
        self._progress.end()
        if done.status == "already":
            already = _("already so")
            show.note(f"{show.mark(None)} {title}  ({already})")
            return
        seconds = _("{seconds} s", seconds=round(done.seconds or 0))
        show.note(f"{show.mark(done.status == 'done')} {title}  {seconds}")
        for text, ok in self._parts:
            if show.is_verbose() or not ok:
                show.note(f"    {show.mark(ok)} {text}")

    def progress(self, done: float, total: float | None, text: Message) -> None:
        """How far the step is."""
        self._progress.update(done, total, str(text))

    def detail(self, text: str) -> None:
        """A line for those who asked for detail."""
        if show.is_verbose():
            show.note(f"    {text}")

    def result(self, text: Message, ok: bool) -> None:
        """One finished part of the step."""
        self._parts.append((str(text), ok))

    def close(self) -> None:
        """Leave the terminal as it was, also after Ctrl-C."""
        self._progress.end()
