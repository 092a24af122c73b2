"""One idempotent action: done only when its own check passes afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from setup_assistant.choose.plan import Plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import Message
from setup_assistant.site.layout import Layout
from setup_assistant.steps.ledger import Ledger


class Teller(Protocol):
    """How a step says what it is doing; the command line draws it."""

    def progress(self, done: float, total: float | None, text: Message) -> None:
        """Say how far the step is: `done` of `total` bytes (None: unknown)."""

    def detail(self, text: str) -> None:
        """Say a line that only those who asked for detail will see."""

    def result(self, text: Message, ok: bool) -> None:
        """Say one finished part of the step, e.g. one check."""


class Silent:
    """A teller that says nothing."""

    def progress(self, done: float, total: float | None, text: Message) -> None:
        """Say nothing."""

    def detail(self, text: str) -> None:
        """Say nothing."""

    def result(self, text: Message, ok: bool) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Context:
    """What every step is given."""

    machine: Machine
    plan: Plan
    wishes: Wishes
    site: Layout
    ledger: Ledger
    recipes: Path
    tell: Teller = field(default_factory=Silent)


class Step(Protocol):
    """One action of the road.

    `check` is cheap and truthful: it looks at the world, never at the ledger alone. `do` may be
    killed at any moment and run again.
    """

    name: str

    def title(self, context: Context) -> Message:
        """Return what this step does, for one calm line."""

    def check(self, context: Context) -> bool:
        """Return whether the world already is as this step would leave it."""

    def do(self, context: Context) -> None:
        """Bring it about.

        Raises:
            SetupError: what went wrong and what mends it.
        """
