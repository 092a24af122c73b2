"""The remark that this copy of the tool is older than the index: asked for while others look."""

from __future__ import annotations

import contextlib
from threading import Thread
from typing import TYPE_CHECKING

from setup_assistant.errors import SetupError

if TYPE_CHECKING:
    from setup_assistant.machine.facts import Machine
    from setup_assistant.messages import Message

# What is left of the wait once everything else was looked at.
_WAIT_SECONDS = 1.0


class OlderCopy:
    """One question to the index, beside the examination; an index that is silent is not told."""

    def __init__(self) -> None:
        self._thread: Thread | None = None
        self._said: Message | None = None

    def ask(self, machine: Machine) -> None:
        """Begin to ask the index that answers on a machine, once."""
        if self._thread is None:
            thread = Thread(target=self._compare, args=(machine,), daemon=True)
            thread.start()
            self._thread = thread

    def said(self) -> list[Message]:
        """Return the remark, where there is one by now."""
        if self._thread is not None:
            self._thread.join(_WAIT_SECONDS)
        return [self._said] if self._said else []

    def _compare(self, machine: Machine) -> None:
        from setup_assistant.catalog.recipes import load_all
        from setup_assistant.steps.newer_release import of_machine

        with contextlib.suppress(SetupError):
            self._said = of_machine(machine, load_all())
