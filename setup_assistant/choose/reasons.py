"""Collects the reasons of a plan, in the order in which it was decided."""

from __future__ import annotations

from setup_assistant.choose.plan import Reason
from setup_assistant.messages import Message


class Notes:
    """Reasons and warnings so far; each names the plan's field it is about."""

    def __init__(self) -> None:
        self.reasons: list[Reason] = []
        self.warnings: list[Reason] = []

    def because(self, about: str, message: Message) -> None:
        """Add a reason."""
        self.reasons.append(Reason(about=about, message=message))

    def beware(self, about: str, message: Message) -> None:
        """Add a warning."""
        self.warnings.append(Reason(about=about, message=message))

    def first(self, about: str, message: Message) -> None:
        """Add a warning in front of all others."""
        self.warnings.insert(0, Reason(about=about, message=message))
