"""Bring a model into a folder: nothing twice, nothing unproved, nothing outside."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.transfer.remote_file import STATE_SUFFIX, RemoteFile
from setup_assistant.messages import _, msg
from setup_assistant.steps.download import speeds
from setup_assistant.steps.download.fallback import Several
from setup_assistant.steps.download.job import LOCK, Brought, Event, Foreseen, Job
from setup_assistant.steps.download.proving import proved_before, record
from setup_assistant.steps.download.run import Run
from setup_assistant.units_text import size_text
from setup_assistant.weights import folder_record
from setup_assistant.weights.flusher import Flusher
from setup_assistant.weights.folder_record import Kept, Manifest, size_of
from setup_assistant.weights.model_folder import check_heads, check_listed

# What the longest path may have, the part's suffix included (POSIX; Windows allows fewer).
_LONGEST_PATH = 259 if os.name == "nt" else 4095


def check_links(job: Job, listed: Sequence[RemoteFile]) -> None:
    """Refuse to write through a link that leads out of the folder."""
    root = job.folder.resolve()
    for parent in {(job.folder / f.path).parent for f in listed}:
        if not parent.resolve().is_relative_to(root):
            raise SetupError(
                "weights_listing", model=job.model, detail=_("{path} is a link", path=str(parent))
            )


def check_length(job: Job, listed: Sequence[RemoteFile]) -> None:
    """Refuse a folder in which the names would become too long."""
    longest = max(listed, key=lambda f: len(os.fsencode(f.path)))
    path = str(job.folder / f"{longest.path}{STATE_SUFFIX}")
    if len(os.fsencode(path)) > _LONGEST_PATH:
        error = OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        raise files.refusal(error, Path(path), flag=job.flag)


def check_space(
    job: Job, listed: Sequence[RemoteFile], partial: Callable[[Path, RemoteFile], int]
) -> tuple[int, int]:
    """Refuse what the disk cannot take; return the bytes that are missing and that are free."""
    absent = [f for f in listed if size_of(job.folder / f.path) != f.size]
    need = sum(f.size for f in absent) - sum(partial(job.folder, f) for f in absent)
    free = files.free_bytes(job.folder)
    if free < need:
        raise SetupError(
            "no_space",
            path=str(files.nearest_existing(job.folder)),
            free=size_text(free),
            need=size_text(need),
            flag=job.flag,
        )
    return need, free


def make(job: Job) -> None:
    """Make the folder, or say why it cannot be written."""
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
        if not os.access(job.folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise files.refusal(error, job.folder, flag=job.flag, named=False) from error


__all__ = ["LOCK", "Brought", "Foreseen", "Job", "bring", "foresee"]
# What a source says that could not be asked.
_SILENT = ("weights_unreachable", "weights_interrupted")


def bring(job: Job) -> Brought:
    """Make `job.folder` hold the whole model; what is there and proved is not fetched again.

    A record that this account wrote is believed as long as sizes and times are those of then.
    Any other only says what to look for: what it names is read and compared with the source.

    Raises:
        SetupError: what the source says, `no_space`, `not_writable`, `site_busy`,
            `weights_damaged`, `weights_incomplete`.
    """
    known = job.known()
    old, own = _records(job)
    same = old is not None and own and old.revision == job.revision
    if old and same and not job.verify and folder_record.intact(job.folder, job.model):
        return Brought(record=old)
    proved = _of_state(job, old, proved_before(job, old, known, own=own))
    believed = old and old.complete and same and not job.verify
    if old and believed and (whole := _still_whole(job, old, proved)):
        # Touched, and read again: no need to ask the hub.
        return Brought(record=whole)
    sources = Several(job, known)
    try:
        listed = _choose(job, sources)
    except SetupError as error:
        if error.code not in _SILENT or not old or not old.complete:
            raise
        whole = _still_whole(job, old, proved)
        if whole is None:
            raise
        return Brought(record=whole, unasked=str(error.message))
    _begin(job, sources, listed)
    lock, on_busy = job.folder / LOCK, _sayer(job) if job.wait else None
    with files.exclusive(lock, on_busy, flag=job.flag) as waited:
        if waited:
            old, own = _records(job)
            same = old is not None and own and old.revision == job.revision
            if old and same and folder_record.intact(job.folder, job.model):
                return Brought(record=old)
            proved = _of_state(job, old, proved_before(job, old, known, own=own))
        return Run(job, sources, listed, proved, ours=old if own else None).finish()


def foresee(job: Job) -> Foreseen:
    """Return what `bring` would fetch; only sources are asked, and nothing is written.

    Raises:
        SetupError: what the source says, `no_space`, `not_writable`.
    """
    sources = Several(job, job.known())
    listed = _choose(job, sources)
    check_length(job, listed)
    missing, free = check_space(job, listed, sources.partial_bytes)
    return Foreseen(
        source=sources.name, files=tuple(listed), missing_bytes=missing, free_bytes=free,
        expected_seconds=speeds.expected_seconds(sources.name, missing),
    )  # fmt: skip


def _choose(job: Job, sources: Several) -> Sequence[RemoteFile]:
    """Return the files of the first source that has them; names and links are checked."""

    def check(listed: Sequence[RemoteFile]) -> None:
        check_listed([f.path for f in listed], job.model)
        check_links(job, listed)

    return sources.choose(check)


def _records(job: Job) -> tuple[Manifest | None, bool]:
    """Return the record of this model in the folder, and whether this account wrote it."""
    old = folder_record.load(job.folder)
    old = old if old and old.model == job.model else None
    return old, folder_record.own(job.folder) is not None


def _of_state(job: Job, old: Manifest | None, proved: dict[str, Kept]) -> dict[str, Kept]:
    """Let files that were recorded for another revision be of no state that is listed now."""
    if old is None or old.revision == job.revision:
        return proved
    other = f"of revision {old.revision}"
    return {path: replace(kept, revision=other) for path, kept in proved.items()}


def _still_whole(job: Job, old: Manifest, proved: Mapping[str, Kept]) -> Manifest | None:
    """Return the record of a folder that is complete; record where it is no longer.

    Where something is damaged the record must not call the folder complete any longer, whatever
    the hub says next.
    """
    paths = [k.path for k in old.files]
    if len(proved) < len(paths):
        record(job, proved.values(), complete=False, source=old.source)
        return None
    check_listed(paths, job.model)
    check_heads(job.folder, paths, job.model)
    flusher = Flusher(job.folder)
    for path in paths:
        flusher.add(path)
    flusher.finish()
    try:
        return record(job, proved.values(), complete=True, source=old.source, synced=True)
    except SetupError:
        # Another account's folder, which may only be read: its record is as good as ours now.
        folder_record.remember(job.folder)
        if found := folder_record.whole(job.folder, job.model):
            return found
        raise


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
