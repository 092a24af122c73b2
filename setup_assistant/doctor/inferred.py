"""What is inferred from a text: a cause of the catalogue, and the chain that leads to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from setup_assistant.catalog.causes import Remedy
from setup_assistant.messages import Message


@dataclass(frozen=True, kw_only=True)
class Inferred:
    """A cause of the catalogue, where the text shows it, and the chain that leads to it.

    `remedy` stands in place of the cause's own where it has something more exact. `vague`: no
    release is known to have brought or taken it; a row that names the fault says more.
    """

    cause: str
    start: int
    values: Mapping[str, str] = field(default_factory=dict)
    remedy: tuple[Remedy, ...] = ()
    chain: tuple[Message, ...] = ()
    vague: bool = False
