"""Times as a person reads them, in the language in use; every value inside is seconds."""

from __future__ import annotations

from setup_assistant.messages import Message, _, msg


def duration(seconds: float | None) -> str:
    """Return seconds as `0.42 s`, `12.3 s`, `3 min 20 s` or `1 h 05 min`; `-` for None."""
    return str(took(seconds))


def took(seconds: float | None) -> Message:
    """Return seconds as `duration` says them, for a page that holds both languages."""
    if seconds is None:
        return Message("-")
    if seconds < 59.95:  # what would read 60.0 s is a minute
        return msg("{count} s", count=f"{seconds:.{2 if seconds < 10 else 1}f}")
    whole = round(seconds)
    if whole < 3600:
        return msg("{minutes} min {seconds} s", minutes=whole // 60, seconds=f"{whole % 60:02d}")
    minutes = round(seconds / 60)
    return msg("{hours} h {minutes} min", hours=minutes // 60, minutes=f"{minutes % 60:02d}")


def rough(seconds: float) -> str:
    """Return seconds as a person says them while waiting: `8 s`, `3 min`, `1 h 20 min`."""
    if seconds < 100:
        return _("{count} s", count=max(1, round(seconds)))
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("{count} min", count=minutes)
    return _("{hours} h {minutes} min", hours=minutes // 60, minutes=minutes % 60)
