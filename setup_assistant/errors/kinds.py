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


def failed(sentence: Message, remedy: Message) -> ErrorKind:
    """Return the row of something that went wrong."""
    return ErrorKind(Exit.FAILED, sentence, remedy)


def usage(sentence: Message, remedy: Message) -> ErrorKind:
    """Return the row of wrong use."""
    return ErrorKind(Exit.USAGE, sentence, remedy)


def partly(sentence: Message, remedy: Message) -> ErrorKind:
    """Return the row of what a rerun goes on with."""
    return ErrorKind(Exit.PARTLY, sentence, remedy)


def cannot(sentence: Message, remedy: Message) -> ErrorKind:
    """Return the row of what this machine cannot do."""
    return ErrorKind(Exit.CANNOT, sentence, remedy)
