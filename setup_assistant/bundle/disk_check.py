"""What the disk of a bundle can take, asked before gigabytes are fetched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from setup_assistant.bundle.cut import JOURNAL
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.units_text import size_text

# What is made in a bundle's folder, and removed there when no machine needs it any longer.
FOLDERS = ("agent", "conda", "locks", "tools", "weights", "wheels")
_WRITTEN = ("manifest.json", "SHA256SUMS", "README.txt", "sbom.cdx.json", JOURNAL)
WORK = ".setup-assistant-work"
# File systems on which no file may be larger than this.
_SMALL = {"vfat", "msdos", "fat"}
_LARGEST = (4 << 30) - 1
_MOUNTS = Path("/proc/self/mountinfo")


def begin(folder: Path) -> Path:
    """Make the folder, unless it holds what is not ours; return one for what is in between.

    Raises:
        SetupError: `bundle_foreign`; an OSError is the caller's.
    """
    ours = any((folder / n).exists() for n in ("manifest.json", WORK, JOURNAL))
    theirs = [n for n in FOLDERS if (folder / n).exists()]
    theirs += [p.name for p in sorted(folder.glob("part-[0-9]*"))]
    if theirs and not ours:
        raise SetupError("bundle_foreign", path=str(folder / theirs[0]))
    work = folder / WORK
    work.mkdir(parents=True, exist_ok=True)
    return work


def sweep(folder: Path) -> None:
    """Remove what a run that was killed had not renamed yet."""
    for name in _WRITTEN:
        for left in folder.glob(f".{name}.*"):
            left.unlink()


def check(folder: Path, wanted: Iterable[tuple[str, int]], part_bytes: int) -> None:
    """Refuse what the disk cannot hold.

    Args:
        folder: of the bundle.
        wanted: path and bytes of every file.
        part_bytes: how large parts are to be; 0: nothing is cut.

    Raises:
        SetupError: `no_space`, `bundle_file_too_large`.
    """
    sizes = dict(wanted)
    small = filesystem(folder) in _SMALL
    for path, size in sizes.items():
        if small and size > _LARGEST:
            raise SetupError("bundle_file_too_large", path=path, size=size_text(size),
                             folder=str(folder))  # fmt: skip
    need = sum(s for p, s in sizes.items() if not (folder / p).exists())
    # Cutting writes a file's pieces before the file goes.
    need += max(sizes.values(), default=0) if part_bytes else 0
    files.check_room(folder, need, "--to")


def filesystem(folder: Path, mounts: Path = _MOUNTS) -> str:
    """Return the name of the file system that a folder lies on, e.g. "vfat"; "" if unknown."""
    best, found = -1, ""
    place = str(files.nearest_existing(folder).resolve())
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        # proc_pid_mountinfo(5): … mount point … - type source options
        before, _dash, after = line.partition(" - ")
        point = _unescaped(before.split()[4]) if len(before.split()) > 4 else ""
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if point and inside and len(point) >= best and after.split():
            best, found = len(point), after.split()[0]
    return found


def _unescaped(text: str) -> str:
    """Undo the octal escapes of blanks and the like."""
    raw = re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), text.encode())
    return raw.decode("utf-8", "replace")
