"""Units, and sizes as a person reads them; every value inside is bytes."""

from __future__ import annotations

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
_DECIMAL = ("bytes", "kB", "MB", "GB", "TB")
_STEP = 1024
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB")


def size_text(size: int) -> str:
    """Return bytes as people read them, e.g. `4.4 GB` (10^9 bytes, as hubs and disks count)."""
    value, unit = float(size), 0
    while value >= 999.95 and unit < len(_DECIMAL) - 1:
        value, unit = value / 1000, unit + 1
    return f"{size} {_DECIMAL[0]}" if unit == 0 else f"{value:.1f} {_DECIMAL[unit]}"


def memory_text(count: float | None) -> str:
    """Return bytes with a binary unit and three digits, e.g. `1.50 GiB`; `-` for None."""
    if count is None:
        return "-"
    value, unit = float(count), 0
    while abs(value) >= _STEP and unit < len(_BINARY) - 1:
        value, unit = value / _STEP, unit + 1
    if unit == 0:
        return f"{int(value)} B"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f} {_BINARY[unit]}"


def gib(count: int | None) -> str:
    """Return bytes of memory in GiB, e.g. `15.4 GiB`; `?` for None."""
    return "?" if count is None else f"{count / GIB:.1f} GiB"
