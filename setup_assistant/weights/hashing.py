"""What of a folder is proved: by its record and one stat, or by reading."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Literal

from setup_assistant.host import files
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.messages import msg
from setup_assistant.steps.download.events import Event
from setup_assistant.steps.download.job import Job
from setup_assistant.steps.download.preflight import size_of
from setup_assistant.weights import folder_record
from setup_assistant.weights.folder_record import Kept, Manifest

_READERS = 2
_BLOCK = 1 << 20


def proved_before(job: Job, old: Manifest | None) -> dict[str, Kept]:
    """Return what the record says and still holds: by stat, or by reading where that differs."""
    if not old:
        return {}
    same = [k for k in old.files if not job.verify and folder_record.untouched(job.folder, k)]
    proved = {k.path: k for k in same}
    unsure = [k for k in old.files if k.path not in proved]
    unsure = [k for k in unsure if size_of(job.folder / k.path) == k.size]
    wanted = [RemoteFile(path=k.path, size=k.size, sha256=k.sha256) for k in unsure]
    total, done = sum(k.size for k in old.files), sum(k.size for k in same)
    for known, found in zip(unsure, hashed(job.folder, wanted), strict=True):
        done += known.size
        say_verifying(job, done, total, known.path)
        if found and found.sha256 == known.sha256:
            proved[known.path] = replace(known, mtime=found.mtime)
    return proved


def say_verifying(job: Job, done: int, total: int, path: str) -> None:
    """Say how far the reading is."""
    job.tell.progress(done, total, msg("Checking the files of {model}", model=job.model))
    job.event(Event("verifying", {"done_bytes": done, "total_bytes": total, "path": path}))


def hashed(folder: Path, wanted: Iterable[RemoteFile]) -> Iterable[Kept | None]:
    """Yield, in order, what each file is now; None where it cannot be read."""

    def one(file: RemoteFile) -> Kept | None:
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
    digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size)  # noqa: S324
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def proves(folder: Path, file: RemoteFile, kept: Kept) -> Literal["sha256", "git", "size"] | None:
    """Return by what a file in `folder` is proved to be the listed one; None where it is not."""
    if not fits(file, kept):
        return None
    if file.sha256 or not file.git_blob:
        return "sha256" if file.sha256 else "size"
    with contextlib.suppress(OSError):
        return "git" if git_blob(folder / file.path) == file.git_blob else None
    return None


def fits(file: RemoteFile, kept: Kept) -> bool:
    """Whether a file is what was listed."""
    return kept.size == file.size and file.sha256 in (None, kept.sha256)


def record(
    job: Job, proved: Iterable[Kept], *, complete: bool, source: str | None = None
) -> Manifest:
    """Write down what is proved."""
    found = Manifest(
        model=job.model,
        source=source or job.source.name,
        complete=complete,
        revision=job.revision,
        files=tuple(sorted(proved, key=lambda k: k.path)),
    )
    folder_record.save(job.folder, found)
    return found
