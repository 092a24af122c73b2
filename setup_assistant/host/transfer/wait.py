"""A server that asks to be left alone for a while: who, why, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from setup_assistant.host.http_errors import WebError
from setup_assistant.messages import Message, msg

# What is shorter (seconds) is not worth a sentence.
WORTH_SAYING = 10.0


@dataclass(frozen=True)
class Wait:
    """A wait that a server asked for: `seconds` from now, `until` by this computer's clock."""

    host: str
    seconds: float
    until: str
    detail: Message

    @property
    def message(self) -> Message:
        """What a person is told while it lasts."""
        return waiting(self.host, self.until, str(self.detail))


def waiting(host: str, until: str, detail: str) -> Message:
    """Return what a person is told while a wait lasts."""
    return msg(
        "{host} asks to wait until {until} ({detail}). Ctrl-C stops; a rerun goes on.",
        host=host,
        until=until,
        detail=detail,
    )


def wait_of(url: str, error: WebError) -> Wait | None:
    """Return the wait that an error asks for, where it is worth a sentence."""
    seconds = error.retry_after or 0.0
    if seconds < WORTH_SAYING:
        return None
    return Wait(urlsplit(url).netloc.rpartition("@")[2], seconds, clock_time(seconds), error.detail)


def too_long(error: WebError) -> WebError:
    """Return the error for a wait that nobody waits for."""
    seconds = error.retry_after or 0.0
    return WebError(
        error.reason,
        msg(
            "{detail}; it asks to wait until {until}",
            detail=str(error.detail),
            until=clock_time(seconds),
        ),
        cause=error.cause,
        retry_after=seconds,
        answered=error.answered,
    )


def clock_time(seconds: float) -> str:
    """Return the time that it is in so many seconds; with the date where that is another day."""
    now = datetime.now().astimezone()
    then = now + timedelta(seconds=seconds)
    return then.strftime("%H:%M:%S" if then.date() == now.date() else "%Y-%m-%d %H:%M")
