"""One calm line for work under way: redrawn on a terminal, said now and then elsewhere.

It says what is done, how far it is and how long it still takes. Drawn by hand, not by rich's
progress: that folds at 60 columns, and its import would hold up a step that ends at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.cli.terminal import show
from setup_assistant.host import clock
from setup_assistant.host.secrets import redact_json
from setup_assistant.messages import _
from setup_assistant.terminal_text import cut, pad, width
from setup_assistant.times_text import rough

# Names the file in which a job of a fleet looks for what is being done.
PROGRESS_FILE = "SETUP_ASSISTANT_PROGRESS"
# Names the file whose time is that of the last question put to such a job.
ASKED_FILE = "SETUP_ASSISTANT_ASKED"
_NOTED_SECONDS = 1.0
_REDRAWN_SECONDS, _SAID_SECONDS = 0.15, 10.0
# A rate that is younger than this is a guess.
_TRUSTED_SECONDS = 2.0
_PATIENCE = 0.7
_BAR = 16
_WHEEL = "|/-\\"


@dataclass
class _State:
    """What the line shows; written by the work, read by the thread that draws."""

    title: str
    begun: float
    expected: float | None = None
    done: float = 0.0
    total: float | None = None
    first: tuple[float, float] | None = None
    unit: str = "GB"


class Progress:
    """The line of one piece of work at a time; harmless where nothing has begun."""

    def __init__(self) -> None:
        self._state: _State | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._noted = 0.0

    def begin(
        self, title: str, *, expected_seconds: float | None = None, patience: float = 0.0
    ) -> None:
        """Show what begins, and how long it may take where that is known before.

        Work that ends within `patience` seconds is not worth a line.
        """
        self.end()
        self._state = _State(title, clock.monotonic(), expected_seconds)
        self._note(self._state, at_once=True)
        if show.is_silent():
            return
        if not patience and not show.on_terminal():
            self._say(self._state)
        self._over = threading.Event()
        thread = threading.Thread(target=self._draw, args=(patience,), daemon=True)
        thread.start()
        # Only now: a Ctrl-C on the way here must not leave a thread that cannot be joined.
        self._thread = thread

    def update(self, done: float, total: float | None, text: str) -> None:  # noqa: ARG002
        """Say how far it is, in bytes; `text` is for tellers that have no title."""
        self._far(done, total, "GB")

    def count(self, done: int, total: int) -> None:
        """Say how far it is, in things."""
        self._far(done, total, "")

    def end(self) -> None:
        """Take the line away."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            show.live("")
        self._thread = self._state = None

    def _far(self, done: float, total: float | None, unit: str) -> None:
        state = self._state
        if state is None:
            return
        if state.first is None or done < state.first[1]:
            state.first = (clock.monotonic(), done)
        state.done, state.total, state.unit = done, total, unit
        self._note(state)

    def _note(self, state: _State, *, at_once: bool = False) -> None:
        """Write down what is being done, for who watches this machine from another."""
        path, now = os.environ.get(PROGRESS_FILE), clock.monotonic()
        if not path or not (at_once or now - self._noted > _NOTED_SECONDS):
            return
        self._noted = now
        value = {"title": state.title, "done": state.done, "total": state.total}
        with contextlib.suppress(OSError):
            aside = Path(path + ".part")
            aside.write_text(json.dumps(redact_json(value)), encoding="utf-8")
            aside.replace(path)

    def _say(self, state: _State) -> None:
        known = state.expected is not None
        expected = "  " + _("(about {time})", time=rough(state.expected or 0)) if known else ""
        show.note(f"{show.ellipsis()} {state.title}{expected}")

    def _draw(self, patience: float) -> None:
        """Draw until the work ends; a terminal sees every change, a file a line now and then."""
        turn, drawn, said = 0, show.on_terminal(), ""
        if patience:
            if self._over.wait(patience):
                return
            if not drawn and self._state:
                self._say(self._state)
        while not self._over.wait(_REDRAWN_SECONDS if drawn else _SAID_SECONDS):
            state = self._state
            if state is None:
                return
            if drawn:
                show.live(_line(state, _WHEEL[turn % len(_WHEEL)]))
                turn += 1
            else:
                line = "  " + "  ".join(p for p in (*_figures(state), _left(state)) if p)
                # "3 min so far" said once a minute is enough.
                if line != said:
                    show.note(line)
                said = line


@contextlib.contextmanager
def busy(title: str, *, expected_seconds: float | None = None) -> Iterator[Progress]:
    """Say what is done while the body runs; the line is gone afterwards."""
    progress = Progress()
    progress.begin(title, expected_seconds=expected_seconds, patience=_PATIENCE)
    try:
        yield progress
    finally:
        progress.end()


def seconds_left(state: _State) -> float | None:
    """Return how long it still takes: by the rate so far, else by what was expected."""
    now = clock.monotonic()
    if state.total and state.first:
        began, there = state.first
        spent, came = now - began, state.done - there
        if spent >= _TRUSTED_SECONDS and came > 0:
            return max(0.0, (state.total - state.done) * spent / came)
    if state.expected is not None:
        return max(0.0, state.expected - (now - state.begun)) or None
    return None


def _line(state: _State, wheel: str) -> str:
    """Return the line, never as wide as the terminal: a full one would scroll."""
    columns = show.error_columns() - 1
    tail = "  ".join(p for p in (*_figures(state), _left(state)) if p)
    room = columns - width(tail) - 4
    bar = ""
    if state.total and room - width(state.title) > _BAR + 4:
        bar = "  [" + pad(show.bar(state.done / state.total, _BAR), _BAR) + "]"
    head = f"{wheel} {cut(state.title, max(8, room - width(bar)))}{bar}"
    return cut(f"{head}  {tail}", columns)


def _figures(state: _State) -> tuple[str, ...]:
    if not state.total:
        return ()
    if state.unit:
        return (f"{state.done / 1e9:.2f} / {state.total / 1e9:.2f} {state.unit}",)
    return (f"{state.done:.0f} / {state.total:.0f}",)


def _left(state: _State) -> str:
    left = seconds_left(state)
    if left is not None:
        return _("{time} left", time=rough(left))
    return _("{time} so far", time=rough(clock.monotonic() - state.begun))
