"""Time, behind a door so that tests can hold it still."""

from __future__ import annotations

import time
from datetime import datetime, timezone


def now() -> str:
    """Return the current UTC time as ISO 8601 with seconds, e.g. `2026-11-22T19:39:00Z`."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def monotonic() -> float:
    """Return seconds from an arbitrary start that never go backwards."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait for `seconds`."""
    time.sleep(seconds)
