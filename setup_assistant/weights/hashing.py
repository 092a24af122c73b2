"""What the files of a folder are, by reading them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setup_assistant.host import files
from setup_assistant.host.file_sum import FileSum
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


def fits(file: FileSum, kept: Kept) -> bool:
    """Whether a file is what was listed."""
    return kept.size == file.size and file.sha256 in (None, kept.sha256)


def sum_of(path: Path) -> str | None:
    """Return the sha256 of a file; None where it cannot be read."""
    try:
        return files.sha256(path)
    except OSError:
        return None
