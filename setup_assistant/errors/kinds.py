"""What every way to fail is made of: an exit status, a sentence, a remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from setup_assistant.messages import Message


class Exit(IntEnum):
    """The exit statuses of every verb."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    PARTLY = 3
    CANNOT = 4
    INTERRUPTED = 130


@dataclass(frozen=True)
class ErrorKind:
    """One row of the table: what happened and what mends it."""

    exit: Exit
    sentence: Message
    remedy: Message
