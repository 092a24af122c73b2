"""What stands beside the terms of an estimate: for programs, and for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Beside:
    """More data and sentences, the command that does it, and its numbers where not the dtype."""

    data: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    command: str = ""
    numbers: str = ""


NOTHING = Beside()
