"""Time, behind a door so that tests can hold it still."""

from __future__ import annotations

import time
from datetime import datetime, timezone


def age() -> float:
    """Return the seconds since this process was started, 0.0 where the system does not tell."""
    import os

    try:
        with open("/proc/self/stat", encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            # Field 22 of proc(5), counted after the name in brackets, which may hold anything.
            ticks = int(stream.read().rpartition(")")[2].split()[19])
        up = time.clock_gettime(time.CLOCK_BOOTTIME)
        return max(0.0, up - ticks / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0


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
