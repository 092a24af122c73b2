"""What of a folder is proved: by its record and one stat, or by reading."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from setup_assistant.messages import msg
from setup_assistant.steps.download.events import Event
from setup_assistant.steps.download.job import Job
from setup_assistant.steps.download.preflight import size_of
from setup_assistant.weights import folder_record
from setup_assistant.weights.folder_record import Kept, Manifest
from setup_assistant.weights.hashing import hashed


def proved_before(job: Job, old: Manifest | None) -> dict[str, Kept]:
    """Return what the record says and still holds: by stat, or by reading where that differs."""
    if not old:
        return {}
    same = [k for k in old.files if not job.verify and folder_record.untouched(job.folder, k)]
    proved = {k.path: k for k in same}
    unsure = [k for k in old.files if k.path not in proved]
    unsure = [k for k in unsure if size_of(job.folder / k.path) == k.size]
    total, done = sum(k.size for k in old.files), sum(k.size for k in same)
    for known, found in zip(unsure, hashed(job.folder, unsure), strict=True):
        done += known.size
        say_verifying(job, done, total, known.path)
        if found and found.sha256 == known.sha256:
            proved[known.path] = replace(known, mtime=found.mtime)
    return proved


def say_verifying(job: Job, done: int, total: int, path: str) -> None:
    """Say how far the reading is."""
    job.tell.progress(done, total, msg("Checking the files of {model}", model=job.model))
    job.event(Event("verifying", {"done_bytes": done, "total_bytes": total, "path": path}))


def record(
    job: Job, proved: Iterable[Kept], *, complete: bool, source: str | None = None
) -> Manifest:
    """Write down what is proved."""
    found = Manifest(
        model=job.model,
        source=source or job.source.name,
        complete=complete,
        files=tuple(sorted(proved, key=lambda k: k.path)),
    )
    folder_record.save(job.folder, found)
    return found
