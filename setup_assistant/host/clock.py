"""Time, behind a door so that tests can hold it still."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone


class Patience:
    """A limit that counts from the last moment in which a process had much to compute.

    What waits for others (a disk, the network) computes nothing meanwhile; on a computer that is
    busy, throttled or emulated, threads that have not come so far do. Asked again and again.
    """

    # A share of one processor over a while of seconds: less is only the waiting itself.
    _SHARE, _WHILE = 0.016, 0.25
    # Whatever is computed, no limit is stretched further than this.
    _MOST = 12.0

    def __init__(
        self,
        seconds: float,
        *,
        most: float = _MOST,
        clock: Callable[[], float] | None = None,
        starved: float = 1.0,
    ) -> None:
        """Count from now.

        Args:
            seconds: the limit.
            most: how many times the limit it is at most, whatever is computed.
            clock: the seconds that the process has computed; by default this one.
            starved: how many times longer still where others have the processor: only what was
                computed counts up to then.
        """
        self.seconds = seconds
        self._most, self._starved, self._clock = most, starved, clock or time.process_time
        self._began = self._sign = self._looked = time.monotonic()
        self._first = self._computed = self._clock()

    def over(self, share: float = 1.0) -> bool:
        """Whether the time, or `share` times it, has passed without anything to compute."""
        at, computed = time.monotonic(), self._clock()
        if at - self._looked >= self._WHILE:
            if computed - self._computed > self._SHARE * (at - self._looked):
                self._sign = at
            self._looked, self._computed = at, computed
        since = max(self._sign, self._began)
        limit, taken = self.seconds * share, at - self._began
        spent = max(taken / self._starved, min(taken, computed - self._first))
        return at - since >= limit or spent >= limit * self._most


def now() -> str:
    """Return the current UTC time as ISO 8601 with seconds, e.g. `2026-11-22T19:39:00Z`."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def unix() -> float:
    """Return the seconds since 1970 by this machine's clock."""
    return time.time()


def monotonic() -> float:
    """Return seconds from an arbitrary start that never go backwards."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait for `seconds`."""
    time.sleep(seconds)
