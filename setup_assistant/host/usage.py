"""What a running child has done so far, for progress."""

from __future__ import annotations


def written_bytes(pid: int) -> int | None:
    """Return the bytes a process has written to files so far, or None where nobody counts.

    Counts what was asked of the system (`wchar`), cached or not, since that is what moves
    steadily while an installer unpacks.
    """
    import psutil

    try:
        counters = psutil.Process(pid).io_counters()
    except (psutil.Error, AttributeError, OSError):
        return None
    return int(getattr(counters, "write_chars", counters.write_bytes))
