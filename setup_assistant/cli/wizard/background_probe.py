"""Probes the machine in the background while the person reads the first questions."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from setup_assistant.errors import SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.machine.facts import Machine


class Probing(threading.Thread):
    """Probes the machine while the person reads."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._machine: Machine | None = None

    def begin(self) -> None:
        """Start, once: the first question may come again."""
        if self.ident is None:
            self.start()

    def run(self) -> None:
        """Probe; importing the probe takes a moment as well."""
        from setup_assistant.machine.probe import probe

        self._machine = probe()

    def result(self) -> Machine:
        """Wait for the machine."""
        if self.is_alive():
            from setup_assistant.cli.terminal.progress import busy

            with busy(_("Looking at this machine"), expected_seconds=8):
                while self.is_alive():
                    self.join(0.2)  # in slices: Ctrl-C is heard between them
        if self._machine is None:
            raise SetupError("internal", detail="probe", log="-")
        return self._machine
