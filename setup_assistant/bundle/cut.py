"""Files cut into pieces for sticks with FAT32, and put together again."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from setup_assistant.bundle import contents
from setup_assistant.bundle.contents import Item, Piece
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.words import _

_BLOCK = 4 << 20
# More sticks than anybody carries; a size given in the wrong unit would make millions.
_MOST_PARTS = 999


def pack(folder: Path, items: Iterable[Item], part_bytes: int) -> tuple[Item, ...]:
    """Move files into folders `part-01`, `part-02`, … of at most so many bytes each.

    A file that does not fit into what is left is cut, so that only the last part is not full.

    Raises:
        SetupError: `usage` where that makes more than 999 parts.
    """
    items = tuple(items)
    if sum(i.size for i in items) > part_bytes * _MOST_PARTS:
        detail = _("--part-size {size} makes more than {count} parts",
                   size=part_bytes, count=_MOST_PARTS)  # fmt: skip
        raise SetupError("usage", detail=detail, verb="bundle create")
    done: list[Item] = []
    number, room = 1, part_bytes
    for item in items:
        source = folder / item.path
        whole = next(iter(sorted(folder.glob(f"part-*/{item.path}"))), None)
        source = source if source.exists() else whole or source
        left = item.size
        pieces: list[Piece] = []
        with source.open("rb") as stream:
            while left or not pieces:
                if not room:
                    number, room = number + 1, part_bytes
                size = min(left, room)
                cut = size < item.size
                name = f"{item.path}.{len(pieces) + 1:03}" if cut else item.path
                path = f"part-{number:02}/{name}"
                pieces.append(_write(stream, folder / path, path, size))
                left, room = left - size, room - size
        source.unlink()
        done.append(Item(path=item.path, size=item.size, sha256=item.sha256, pieces=tuple(pieces)))
    for name in ("wheels", "weights", "locks"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return tuple(done)


def whole(folders: Sequence[Path], items: Sequence[Item], scratch: Path) -> Path:
    """Return a folder with the files of `items` at their paths.

    The bundle itself where nothing is cut; else links to whole files beside those put together.
    """
    if len(folders) == 1 and all(not i.pieces for i in items):
        return folders[0]
    for item in items:
        target = scratch / item.path
        target.parent.mkdir(parents=True, exist_ok=True)
        files.remove(target)
        parts = [contents.find(folders, p.path) for p in item.parts()]
        if len(parts) == 1 and parts[0] is not None:
            target.symlink_to(parts[0].absolute())
            continue
        try:
            with target.open("wb") as stream:
                for part in parts:
                    if part is not None:
                        with part.open("rb") as source:
                            shutil.copyfileobj(source, stream, _BLOCK)
        except OSError as error:
            if error.errno in files.FULL:
                raise SetupError("disk_filled", path=str(scratch)) from error
            raise
        if files.sha256(target) != item.sha256:
            raise SetupError("bundle_damaged", path=item.path)
    return scratch


def _write(stream: object, target: Path, path: str, size: int) -> Piece:
    digest, left = hashlib.sha256(), size
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        while left:
            block = stream.read(min(_BLOCK, left))  # type: ignore[attr-defined]
            digest.update(block)
            out.write(block)
            left -= len(block)
    return Piece(path=path, size=size, sha256=digest.hexdigest())


def join(folder: Path, item: Item) -> None:
    """Put a cut file of a bundle together again, if all of it is there and right."""
    target = folder / item.path
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(target.name + ".part")
    parts = [folder / p.path for p in item.pieces]
    if not all(p.is_file() for p in parts):
        return
    with aside.open("wb") as stream:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, stream, _BLOCK)
    if files.sha256(aside) == item.sha256:
        aside.replace(target)
    else:
        aside.unlink()
