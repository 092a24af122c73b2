"""Which start of this machine is running, and whether one before it ended without a shutdown."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator
from pathlib import Path

_BOOT_ID = "proc/sys/kernel/random/boot_id"
_WTMP = "var/log/wtmp"
# utmp(5) of the GNU C library: type, pid, line, id, user, host, exit, session, seconds, ...
_ENTRY = struct.Struct("<hxxi32s4s32s256s4xiii36x")
_RUN_LEVEL, _BOOT_TIME = 1, 2


def boot_id(root: Path = Path("/")) -> str:
    """Return what names this start of the machine; "" where the system has no name for it."""
    with contextlib.suppress(OSError):
        return (root / _BOOT_ID).read_text(encoding="ascii").strip()
    return ""


def crashed_since(moment: float, root: Path = Path("/")) -> bool | None:
    """Whether the start that ran at `moment` (seconds since 1970) ended without a shutdown.

    None where the system keeps no list of its starts, or the list does not reach so far.
    """
    for kind, user, seconds in _entries(root / _WTMP):
        if seconds < moment:
            continue
        if kind == _RUN_LEVEL and user == b"shutdown":
            return False
        if kind == _BOOT_TIME:
            return True
    return None


def _entries(path: Path) -> Iterator[tuple[int, bytes, int]]:
    """Yield type, user and time of every entry, oldest first."""
    with contextlib.suppress(OSError):
        data = path.read_bytes()
        for kind, _pid, _line, _id, user, _host, _session, seconds, _micro in _ENTRY.iter_unpack(
            data[: len(data) // _ENTRY.size * _ENTRY.size]
        ):
            yield kind, user.rstrip(b"\0"), seconds
