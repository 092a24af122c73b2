"""What of a folder is proved: by its record and one stat, or by reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.messages import Message, msg
from setup_assistant.steps.download.events import Event
from setup_assistant.steps.download.job import Job
from setup_assistant.units_text import size_text
from setup_assistant.weights import folder_record
from setup_assistant.weights.folder_record import Kept, Manifest, size_of
from setup_assistant.weights.hashing import hashed


def proved_before(
    job: Job, old: Manifest | None, known: Mapping[str, str], *, own: bool
) -> dict[str, Kept]:
    """Return what the record says and still holds: by stat, or by reading where that differs.

    Args:
        job: what to bring where.
        old: the record that lies in the folder.
        known: the sums that nothing may contradict.
        own: whether this account wrote the record. In a stranger's everything is read, and
            nothing counts as compared with a source.
    """
    if not old:
        return {}
    by_stat = own and not job.verify
    same = [k for k in old.files if by_stat and folder_record.untouched(job.folder, k)]
    proved = {k.path: k for k in same}
    unsure = [k for k in old.files if k.path not in proved]
    unsure = [k for k in unsure if size_of(job.folder / k.path) == k.size]
    total, done = sum(k.size for k in old.files), sum(k.size for k in same)
    for kept, found in zip(unsure, hashed(job.folder, unsure), strict=True):
        done += kept.size
        say_verifying(job, done, total, kept.path)
        if found and found.sha256 == kept.sha256:
            proved[kept.path] = replace(kept, mtime=found.mtime) if own else found
    return {
        path: kept if own else _by_record(kept, known)
        for path, kept in proved.items()
        if known.get(path) in (None, kept.sha256)
    }


def _by_record(kept: Kept, known: Mapping[str, str]) -> Kept:
    return replace(kept, checked="sha256" if kept.path in known else "record")


def say_verifying(job: Job, done: int, total: int, path: str) -> None:
    """Say how far the reading is."""
    job.tell.progress(done, total, msg("Checking the files of {model}", model=job.model))
    job.event(Event("verifying", {"done_bytes": done, "total_bytes": total, "path": path}))


def record(
    job: Job,
    proved: Iterable[Kept],
    *,
    complete: bool,
    source: str | None = None,
    synced: bool = False,
) -> Manifest:
    """Write down what is proved."""
    found = Manifest(
        model=job.model,
        source=source or job.source.name,
        complete=complete,
        files=tuple(sorted(proved, key=lambda k: k.path)),
        revision=job.revision,
        synced=synced,
    )
    folder_record.save(job.folder, found)
    return found


def other_state(file: RemoteFile, kept: Kept) -> bool:
    """Whether a recorded file is another state of it than the listed one, by names alone."""
    if file.sha256:
        return False
    if file.git_blob:
        # Proved by size only, or as another blob: read it.
        return kept.checked != "git" or kept.revision != file.revision
    return kept.revision != file.revision


def arrival(file: RemoteFile, kept: Kept, *, links: int) -> Message:
    """Return the line for a file that has arrived."""
    size = size_text(file.size)
    if links > 1:
        return msg(
            "{path} is here, {size}: a hard link, one file with the one it was taken from",
            path=file.path,
            size=size,
        )
    if kept.source:
        return msg("{path} is here, {size}, from {url}", path=file.path, size=size, url=kept.source)
    return msg("{path} is here, {size}", path=file.path, size=size)
