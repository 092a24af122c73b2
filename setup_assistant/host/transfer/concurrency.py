"""How many connections a server takes, and how those that have nothing to do help a slow one.

Towards the end one slow connection would hold up all others: it gives half of what it has left
to an idle one; where it is far slower than usual, it is closed and its rest asked for anew.
"""

from __future__ import annotations

from collections.abc import Collection

from setup_assistant.host.transfer.file_progress import Run
from setup_assistant.host.transfer.part import SEGMENT

_TRY_MORE_SECONDS, _ONE_MOMENT_SECONDS = 5.0, 1.0

# A run is slow that still takes longer than this, by its speed over at least so many seconds.
_LONG_SECONDS, _TRUSTED_SECONDS = 10.0, 5.0
# What is this many times slower than usual is not worth waiting for.
_FAR_SLOWER = 8.0
# Fewer segments are not shared: the connection itself may just be going over to the next one.
_SHARED_SEGMENTS = 3


class Width:
    """How many connections may be at work, and what one of them usually brings (bytes/s).

    A server that refuses some while others are at work is asked over fewer of them; one more is
    tried now and then. All calls with the transfer's lock held.
    """

    def __init__(self, most: int) -> None:
        self.usual = 0.0
        self._most = self._limit = most
        self._changed_at = -_TRY_MORE_SECONDS

    def allows(self, running: int, now: float) -> bool:
        """Whether one more may begin."""
        if self._limit < self._most and now - self._changed_at > _TRY_MORE_SECONDS:
            self._limit += 1
            self._changed_at = now
        return running < self._limit

    def refused(self, running: int, now: float) -> None:
        """Use fewer from now on; refusals of one moment count once."""
        if running > 1 and now - self._changed_at > _ONE_MOMENT_SECONDS:
            self._limit = max(1, min(self._limit, running) - 1)
            self._changed_at = now

    def learn(self, run: Run, now: float) -> None:
        """Learn from a connection that ended."""
        if run.came >= SEGMENT:
            self.usual = (self.usual + _rate(run, now)) / 2 if self.usual else _rate(run, now)


def help_slowest(runs: Collection[Run], now: float, usual: float) -> None:
    """Take work from the slowest run, if it is slow; called with the transfer's lock held.

    `usual` is what a connection brings here otherwise, in bytes per second.
    """
    known = [r for r in runs if r.flow.ranged and now - r.began > _TRUSTED_SECONDS]
    slowest = max(known, key=lambda r: _seconds_left(r, now), default=None)
    if slowest is None or _seconds_left(slowest, now) < _LONG_SECONDS:
        return
    if slowest.end - slowest.at >= _SHARED_SEGMENTS:
        middle = (slowest.at + slowest.end + 1) // 2
        slowest.flow.pending.append((middle, slowest.end))
        slowest.flow.pending.sort()
        slowest.end = middle
    elif usual > _FAR_SLOWER * _rate(slowest, now):
        slowest.dropped = True


def _seconds_left(run: Run, now: float) -> float:
    return (run.last - run.first + 1) / _rate(run, now) if run.at < run.end else 0.0


def _rate(run: Run, now: float) -> float:
    return max(1.0, run.came) / max(now - run.began, 0.001)
