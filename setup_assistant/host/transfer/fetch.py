"""Bring files and prove them: for whoever knows the sha256 of everything that is to come."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from setup_assistant.host import files, removal
from setup_assistant.host.http import Http
from setup_assistant.host.transfer.engine import Transfer
from setup_assistant.host.transfer.file_progress import Patience
from setup_assistant.host.transfer.remote_file import PART_SUFFIX, RemoteFile

_BLOCK = 4 << 20
# What came damaged may have been so on the way; twice is no chance.
_ATTEMPTS = 2


class DamagedError(Exception):
    """A file is another than the one that was meant; `path` is its name in the folder."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


def fetch(
    http: Http,
    wanted: Sequence[tuple[RemoteFile, str]],
    folder: Path,
    *,
    origin: str,
    on_bytes: Callable[[int], None] = lambda _done: None,
    patience: Patience | None = None,
) -> None:
    """Bring files from their addresses to their paths below `folder`, each with its sha256.

    Args:
        http: closed afterwards.
        wanted: files whose paths were checked, and their addresses.
        folder: where an earlier run may have left parts to go on with.
        origin: names the source, for files that have no sha256.
        on_bytes: told how many bytes of `wanted` are there.
        patience: how long to try where nothing comes.

    Raises:
        TransferError: nothing came any more, or something that trying again does not mend.
        DamagedError: a file came twice with another sha256.
    """
    total = sum(file.size for file, _url in wanted)
    left, done = list(wanted), 0
    try:
        for _attempt in range(_ATTEMPTS):
            damaged: set[str] = set()

            def on_file(file: RemoteFile, digest: str, damaged: set[str] = damaged) -> None:
                if file.sha256 not in (None, digest):
                    removal.drop(folder / file.path, under=folder)
                    damaged.add(file.path)

            def count(came: int, done: int = done) -> None:
                on_bytes(done + came)

            transfer = Transfer(
                http, patience=patience or Patience(), on_bytes=count, on_file=on_file
            )
            if left:
                transfer.run(folder, left, origin)
            left = [(f, url) for f, url in left if f.path in damaged]
            done = total - sum(f.size for f, _url in left)
            if not left:
                return
    finally:
        http.close()
    raise DamagedError(left[0][0].path)


def copy(source: Path, target: Path) -> str:
    """Copy one file, whole or not at all; return its sha256.

    Raises:
        OSError: it cannot be read, or not written.
    """
    part, digest = target.with_name(target.name + PART_SUFFIX), hashlib.sha256()
    try:
        with source.open("rb") as reader, files.open_anew(part) as writer:
            while block := reader.read(_BLOCK):
                digest.update(block)
                writer.write(block)
        part.replace(target)
    except OSError:
        removal.drop(part, under=part.parent)
        raise
    return digest.hexdigest()
