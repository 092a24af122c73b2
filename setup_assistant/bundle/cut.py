"""Files cut into pieces for sticks with FAT32, and put together again.

May be killed at any moment: where everything goes is written down first, a file goes when all its
pieces are on the disk, and a piece when its file is whole again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from setup_assistant import frozen_json
from setup_assistant.bundle import manifest
from setup_assistant.bundle.manifest import Item, Piece
from setup_assistant.errors import SetupError
from setup_assistant.host import files, removal
from setup_assistant.host.removal_proofs import called
from setup_assistant.messages import _
from setup_assistant.weights.listing import OWN_PREFIX, path_fault

# Where everything goes, while it goes there.
JOURNAL = ".setup-assistant-cut.json"
_BLOCK = 4 << 20
# More sticks than anybody carries; a size given in the wrong unit would make millions.
_MOST_PARTS = 999


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The files that are being cut; the sums of their pieces are not known yet."""

    files: tuple[Item, ...]


def pack(folder: Path, items: Iterable[Item], part_bytes: int) -> tuple[Item, ...]:
    """Move files into folders `part-01`, `part-02`, … of at most so many bytes each.

    A file that does not fit into what is left is cut, so that only the last part is not full.

    Raises:
        SetupError: `usage` where that makes more than 999 parts.
    """
    places = layout(items, part_bytes)
    files.write_json(folder / JOURNAL, frozen_json.to_builtins(Journal(files=places)))
    done = tuple(_cut(folder, item) for item in places)
    for name in {item.path.partition("/")[0] for item in places}:
        # Records of a download lie beside what was cut.
        for left in sorted((folder / name).rglob(f"{OWN_PREFIX}*")):
            removal.drop(left, under=folder)
        prune(folder / name, folder)
    return done


def prune(top: Path, folder: Path) -> None:
    """Remove the empty folders below `top`, and `top` itself where nothing is left in it."""
    for root, _names, _files in os.walk(top, topdown=False):
        removal.prune(Path(root), under=folder)


def layout(items: Iterable[Item], part_bytes: int) -> tuple[Item, ...]:
    """Return where every file goes, whole or in pieces; their sums are still empty."""
    items = tuple(items)
    if sum(i.size for i in items) > part_bytes * _MOST_PARTS:
        detail = _("--part-size {size} makes more than {count} parts",
                   size=part_bytes, count=_MOST_PARTS)  # fmt: skip
        raise SetupError("usage", detail=detail, verb="bundle create")
    done: list[Item] = []
    number, room = 1, part_bytes
    for item in items:
        left, pieces = item.size, list[Piece]()
        while left or not pieces:
            if not room:
                number, room = number + 1, part_bytes
            size = min(left, room)
            name = f"{item.path}.{len(pieces) + 1:03}" if size < item.size else item.path
            pieces.append(Piece(path=f"part-{number:02}/{name}", size=size, sha256=""))
            left, room = left - size, room - size
        done.append(Item(path=item.path, size=item.size, sha256=item.sha256, pieces=tuple(pieces)))
    return tuple(done)


def _cut(folder: Path, item: Item) -> Item:
    source = folder / item.path
    with source.open("rb") as stream:
        pieces = tuple(_write(stream, folder, piece) for piece in item.pieces)
    removal.drop(source, under=folder)
    return Item(path=item.path, size=item.size, sha256=item.sha256, pieces=pieces)


def _write(stream: BinaryIO, folder: Path, piece: Piece) -> Piece:
    digest, left, target = hashlib.sha256(), piece.size, folder / piece.path
    _refuse_link(folder, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with files.open_anew(target) as out:
        while left:
            block = stream.read(min(_BLOCK, left))
            if not block:
                raise SetupError("bundle_damaged", path=str(target))
            digest.update(block)
            out.write(block)
            left -= len(block)
        # The file it came from goes next.
        out.flush()
        os.fsync(out.fileno())
    return Piece(path=piece.path, size=piece.size, sha256=digest.hexdigest())


def unpack(folder: Path) -> None:
    """Put everything that was cut in a folder together again, so that nothing is fetched twice.

    Raises:
        SetupError: `bundle_invalid` where the folder, which may come from anybody, leads out of
            itself.
    """
    items = (*_journaled(folder), *_listed(folder))
    for item in items:
        for path in (item.path, *(piece.path for piece in item.pieces)):
            _refuse_link(folder, folder / path)
    for item in items:
        if item.pieces and not (folder / item.path).exists():
            _join(folder, item)
        for piece in item.pieces:
            removal.drop(folder / piece.path, under=folder)
    for part in folder.glob("part-[0-9]*"):
        prune(part, folder)
    removal.drop(folder / JOURNAL, under=folder)


def _journaled(folder: Path) -> tuple[Item, ...]:
    """Return what a journal says is being cut; a damaged one says nothing.

    Raises:
        SetupError: `bundle_invalid` where it names a place outside of the bundle.
    """
    path = folder / JOURNAL
    if not path.is_file():
        return ()
    try:
        found = frozen_json.load_json(path, Journal).files
    except (SetupError, RecursionError):
        return ()
    for item in found:
        for name in (item.path, *(piece.path for piece in item.pieces)):
            if fault := path_fault(name):
                raise SetupError("bundle_invalid", path=str(path), detail=f"{name[:80]!a}: {fault}")
    return found


def _listed(folder: Path) -> tuple[Item, ...]:
    try:
        return manifest.load([folder]).files
    except SetupError:
        return ()


def _join(folder: Path, item: Item) -> None:
    """Put a cut file together again, if all of it is there and right."""
    parts = [folder / p.path for p in item.pieces]
    sizes = [p.stat().st_size if p.is_file() else -1 for p in parts]
    if sizes != [p.size for p in item.pieces]:
        return
    target = folder / item.path
    target.parent.mkdir(parents=True, exist_ok=True)
    if len(parts) == 1:
        parts[0].replace(target)
        return
    aside = target.with_name(target.name + ".part")
    _append(aside, parts)
    if files.sha256(aside) == item.sha256:
        aside.replace(target)
    else:
        removal.drop(aside, under=folder)


def _refuse_link(folder: Path, path: Path) -> None:
    if link := files.linked(folder, path):
        detail = _("{link} is a link", link=str(link))
        raise SetupError("bundle_invalid", path=str(folder), detail=detail)


def _append(target: Path, parts: Sequence[Path]) -> None:
    with files.open_anew(target) as stream:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, stream, _BLOCK)
        stream.flush()
        os.fsync(stream.fileno())


def whole(folders: Sequence[Path], items: Sequence[Item], scratch: Path) -> Path:
    """Return a folder with the files of `items` at their paths.

    The bundle itself where nothing is cut; else links to whole files beside those put together.

    Raises:
        SetupError: `bundle_missing`, `bundle_damaged`, `no_space`, `disk_filled`.
    """
    if len(folders) == 1 and all(not i.pieces for i in items):
        return folders[0]
    need = sum(i.size for i in items if len(i.parts()) > 1)
    files.check_room(scratch, need, "SETUP_ASSISTANT_CACHE")
    for item in items:
        target = scratch / item.path
        target.parent.mkdir(parents=True, exist_ok=True)
        removal.remove(target, under=scratch, proof=called(target))
        parts = [_part(folders, p) for p in item.parts()]
        if len(parts) == 1:
            target.symlink_to(parts[0].absolute())
            continue
        try:
            _append(target, parts)
        except OSError as error:
            raise files.refusal(error, scratch, flag="SETUP_ASSISTANT_CACHE") from error
        if files.sha256(target) != item.sha256:
            raise SetupError("bundle_damaged", path=item.path)
    return scratch


def _part(folders: Sequence[Path], piece: Piece) -> Path:
    found = manifest.find(folders, piece.path)
    if found is None:
        raise SetupError("bundle_missing", path=piece.path, folder=str(folders[0]))
    return found
