"""Collects the reasons of a plan, in the order in which it was decided."""

from __future__ import annotations

from setup_assistant.choose.plan import Reason
from setup_assistant.messages import Message, Value


class Notes:
    """Reasons and warnings so far; each names the plan's field it is about.

    A sentence is a message, or a template with its values as of `messages.msg`.
    """

    def __init__(self) -> None:
        self.reasons: list[Reason] = []
        self.warnings: list[Reason] = []

    def because(self, about: str, said: Message | str, /, **values: Value) -> None:
        """Add a reason."""
        self.reasons.append(_reason(about, said, values))

    def beware(self, about: str, said: Message | str, /, **values: Value) -> None:
        """Add a warning."""
        self.warnings.append(_reason(about, said, values))

    def first(self, about: str, said: Message | str, /, **values: Value) -> None:
        """Add a warning in front of all others."""
        self.warnings.insert(0, _reason(about, said, values))


def _reason(about: str, said: Message | str, values: dict[str, Value]) -> Reason:
    return Reason(about=about, message=Message(said, values) if isinstance(said, str) else said)
