"""Looks at the machine in the background while the person reads the first questions.

The cards answer within a second, the sources of packages take several: each is waited for only
where it is needed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from setup_assistant.errors import SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.machine.facts import Machine, Source

T = TypeVar("T")
_SECONDS = 8.0
# Of it, for the sources.
_SHARE = 0.6


class Probing:
    """Probes this machine while the person reads."""

    # Whether it is another one than this: then nothing can be done, only planned.
    elsewhere = False

    def __init__(self) -> None:
        self._cards = _Work(_probe)
        self._sources = _Work(_visit)

    def begin(self) -> None:
        """Start, once: the first question may come again."""
        self._cards.begin()
        self._sources.begin()

    def again(self) -> None:
        """Ask the driver once more; the sources stay as they are."""
        self._cards = _Work(_probe)
        self._cards.begin()

    def cards(self) -> Machine:
        """Wait for the machine, without its sources."""
        return self._cards.wait()

    def result(self) -> Machine:
        """Wait for the machine and its sources."""
        return replace(self._cards.wait(), sources=self._sources.wait())


class Saved:
    """A machine from a file: support staff walk the wizard for somebody else."""

    elsewhere = True

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def begin(self) -> None:
        """Do nothing: it is known."""

    again = begin

    def cards(self) -> Machine:
        """Return the machine."""
        return self._machine

    result = cards


# The machine that the wizard plans for.
Looking = Probing | Saved


class _Work(threading.Thread, Generic[T]):
    """One thing to find out, in a thread of its own."""

    def __init__(self, call: Callable[[], T]) -> None:
        super().__init__(daemon=True)
        self._call, self._found = call, list[T]()

    def begin(self) -> None:
        if self.ident is None:
            self.start()

    def run(self) -> None:
        self._found.append(self._call())

    def wait(self) -> T:
        if self.is_alive():
            from setup_assistant.cli.terminal.progress import busy

            with busy(_("Looking at this machine"), expected_seconds=_SECONDS):
                while self.is_alive():
                    self.join(0.2)  # in slices: Ctrl-C is heard between them
        if not self._found:
            raise SetupError("internal", detail="probe", log="-")
        return self._found[0]


# Importing these takes a moment as well.
def _probe() -> Machine:
    from setup_assistant.machine import probe

    return probe.probe(sources=False)


def _visit() -> tuple[Source, ...]:
    from setup_assistant.host import log
    from setup_assistant.machine import sources

    try:
        return sources.read(_SECONDS * _SHARE)
    except Exception as error:  # noqa: BLE001 - without an answer the plan says that there is none
        log.exception("sources", error)
        return ()
