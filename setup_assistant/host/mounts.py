"""Where file systems are mounted, as the system lists them."""

from __future__ import annotations

import re
from pathlib import Path

TABLE = Path("/proc/self/mountinfo")


def table(listed: Path = TABLE) -> list[tuple[str, str]]:
    """Return mount point and name of the file system of each, e.g. ("/boot", "vfat").

    Empty where the system has no such list.
    """
    try:
        lines = listed.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
    found = []
    for line in lines:
        # proc_pid_mountinfo(5): … mount point … - type source options
        before, _dash, after = line.partition(" - ")
        if len(before.split()) > 4 and after.split():
            found.append((_unescaped(before.split()[4]), after.split()[0]))
    return found


def below(path: str) -> str | None:
    """Return a place at or below a real path where something is mounted."""
    inside = path.rstrip("/") + "/"
    return next((p for p, _name in table() if p == path or p.startswith(inside)), None)


def _unescaped(text: str) -> str:
    """Undo the octal escapes of blanks and the like."""
    raw = text.encode("utf-8", "surrogateescape")
    raw = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), raw)
    return raw.decode("utf-8", "surrogateescape")
