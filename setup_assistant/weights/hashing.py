"""What the files of a folder are, by reading them."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from setup_assistant.host import files
from setup_assistant.host.file_sum import FileSum
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.weights.folder_record import Kept

_READERS = 2


def hashed(folder: Path, wanted: Iterable[FileSum]) -> Iterable[Kept | None]:
    """Yield, in order, what each file is now; None where it cannot be read."""

    def one(file: FileSum) -> Kept | None:
        path = folder / file.path
        with contextlib.suppress(OSError):
            # The time first: a file that changes while it is read must not look unchanged.
            stat = path.stat()
            digest = files.sha256(path)
            return Kept(path=file.path, size=stat.st_size, sha256=digest, mtime=stat.st_mtime_ns)
        return None

    with ThreadPoolExecutor(_READERS) as pool:
        yield from pool.map(one, wanted)


def git_blob(path: Path) -> str:
    """Return the id that Git gives the bytes of a file: sha1 of "blob SIZE", a zero, the bytes."""
    # S324: not for safety; it is the only sum that the hub names for this file.
    return files.sum_of(path, hashlib.sha1(b"blob %d\0" % path.stat().st_size))  # noqa: S324


def proves(folder: Path, file: RemoteFile, kept: Kept) -> Literal["sha256", "git", "size"] | None:
    """Return by what a file in `folder` is proved to be the listed one; None where it is not."""
    if not fits(file, kept):
        return None
    if file.sha256 or not file.git_blob:
        return "sha256" if file.sha256 else "size"
    with contextlib.suppress(OSError):
        return "git" if git_blob(folder / file.path) == file.git_blob else None
    return None


def fits(file: FileSum, kept: Kept) -> bool:
    """Whether a file is what was listed."""
    return kept.size == file.size and file.sha256 in (None, kept.sha256)


def sum_of(path: Path) -> str | None:
    """Return the sha256 of a file; None where it cannot be read."""
    try:
        return files.sha256(path)
    except OSError:
        return None
