"""Bring a model into a folder: nothing twice, nothing unproved, nothing outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from setup_assistant.host import files
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.messages import msg
from setup_assistant.steps.download import speeds
from setup_assistant.steps.download.events import Event
from setup_assistant.steps.download.fallback import Several
from setup_assistant.steps.download.job import LOCK, Brought, Job
from setup_assistant.steps.download.preflight import check_length, check_links, check_space, make
from setup_assistant.steps.download.run import Run
from setup_assistant.weights import folder_record
from setup_assistant.weights.folder_record import Kept, Manifest
from setup_assistant.weights.hashing import proved_before, record
from setup_assistant.weights.model_files_present import check_listed

__all__ = ["LOCK", "Brought", "Job", "bring"]


def bring(job: Job) -> Brought:
    """Make `job.folder` hold the whole model; what is there and proved is not fetched again.

    Raises:
        SetupError: what the source says, `no_space`, `not_writable`, `site_busy`,
            `weights_damaged`, `weights_incomplete`.
    """
    old = folder_record.load(job.folder)
    old = old if old and old.model == job.model else None
    same = old is not None and old.revision == job.revision
    whole = same and not job.verify and folder_record.intact(job.folder, job.model)
    if old and whole:
        return Brought(record=old)
    proved = _of_state(job, old, proved_before(job, old))
    if old and old.complete and same and (found := _still_whole(job, old, proved)):
        # Copied, or read again: no need to ask the hub.
        return Brought(record=found)
    sources = Several(job)

    def check(listed: Sequence[RemoteFile]) -> None:
        check_listed([f.path for f in listed], job.model)
        check_links(job, listed)

    listed = sources.choose(check)
    _begin(job, sources, listed)
    with files.exclusive(job.folder / LOCK, _sayer(job) if job.wait else None) as waited:
        if waited:
            old = folder_record.load(job.folder)
            same = old is not None and old.revision == job.revision
            if old and same and folder_record.intact(job.folder, job.model):
                return Brought(record=old)
            old = old if old and old.model == job.model else None
            proved = _of_state(job, old, proved_before(job, old))
        return Run(job, sources, listed, proved).finish()


def _of_state(job: Job, old: Manifest | None, proved: dict[str, Kept]) -> dict[str, Kept]:
    """Let files that were recorded for another revision be of no state that is listed now."""
    if old is None or old.revision == job.revision:
        return proved
    other = f"of revision {old.revision}"
    return {path: replace(kept, revision=other) for path, kept in proved.items()}


def _still_whole(job: Job, old: Manifest, proved: dict[str, Kept]) -> Manifest | None:
    """Return the record of a folder that is complete; record where it is no longer.

    Where something is damaged the record must not call the folder complete any longer, whatever
    the hub says next.
    """
    whole = len(proved) == len(old.files)
    found = record(job, proved.values(), complete=whole, source=old.source)
    return found if whole else None


def _begin(job: Job, sources: Several, listed: Sequence[RemoteFile]) -> None:
    """Check all that can be checked before anything is written, and tell what will happen."""
    check_length(job, listed)
    total = sum(f.size for f in listed)
    data = {"source": sources.name, "files": len(listed), "total_bytes": total}
    job.event(Event("listed", data))
    missing, free = check_space(job, listed, sources.partial_bytes)
    expected = speeds.expected_seconds(sources.name, missing)
    data = {"missing_bytes": missing, "free_bytes": free, "expected_seconds": expected}
    job.event(Event("start", data))
    job.before(job.folder, [f.path for f in listed])
    make(job)


def _sayer(job: Job) -> Callable[[], None]:
    text = msg("Another run is working in {folder}: waiting for it", folder=str(job.folder))

    def say() -> None:
        job.note(text)
        job.event(Event("waiting", {"folder": str(job.folder)}))

    return say
