"""What the disk of a bundle can take, asked before gigabytes are fetched."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from setup_assistant.bundle.cut import JOURNAL
from setup_assistant.bundle.manifest import FOLDERS, NAME, SCHEMA
from setup_assistant.errors import SetupError
from setup_assistant.host import files, lenient, mounts, removal
from setup_assistant.messages import _
from setup_assistant.units_text import size_text

_WRITTEN = ("manifest.json", "SHA256SUMS", "README.txt", "run.sh", "sbom.cdx.json", JOURNAL)
WORK = ".setup-assistant-work"
# File systems on which no file may be larger than this.
_SMALL = {"vfat", "msdos", "fat"}
_LARGEST = (4 << 30) - 1


def begin(folder: Path) -> Path:
    """Make the folder, unless it holds what is not ours; return one for what is in between.

    Raises:
        SetupError: `bundle_foreign`, `bundle_invalid` where a link leads out of it; an OSError is
            the caller's.
    """
    ours = _is_bundle(folder) or any((folder / n).exists() for n in (WORK, JOURNAL))
    theirs = [n for n in FOLDERS if (folder / n).exists()]
    theirs += [p.name for p in sorted(folder.glob("part-[0-9]*"))]
    if theirs and not ours:
        raise SetupError("bundle_foreign", path=str(folder / theirs[0]))
    work = folder / WORK
    if link := next(_links(folder), None):
        raise SetupError(
            "bundle_invalid", path=str(folder), detail=_("{link} is a link", link=link)
        )
    work.mkdir(parents=True, exist_ok=True)
    return work


def sweep(folder: Path) -> None:
    """Remove what a run that was killed had not renamed yet."""
    for name in _WRITTEN:
        for left in folder.glob(f".{name}.*"):
            removal.drop(left, under=folder)


def _links(folder: Path) -> Iterator[str]:
    """Yield links where a bundle is written: it has none, and through one it lands elsewhere."""
    tops = [folder / n for n in (*FOLDERS, WORK)] + sorted(folder.glob("part-[0-9]*"))
    for top in tops:
        if top.is_symlink():
            yield str(top)
        # Scratch space is removed as a whole, and uv makes links in it.
        for root, folders, names in () if top.name == WORK else os.walk(top):
            yield from (str(p) for n in (*folders, *names) if (p := Path(root, n)).is_symlink())


def _is_bundle(folder: Path) -> bool:
    """Whether the folder's manifest is one of ours: much else has a file of that name."""
    return lenient.json_object(folder / NAME).get("schema") == SCHEMA


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


def filesystem(folder: Path, listed: Path = mounts.TABLE) -> str:
    """Return the name of the file system that a folder lies on, e.g. "vfat"; "" if unknown."""
    best, found = -1, ""
    place = str(files.nearest_existing(folder).resolve())
    for point, name in mounts.table(listed):
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:
            best, found = len(point), name
    return found
