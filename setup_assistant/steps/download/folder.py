"""Bring a model into a folder: nothing twice, nothing unproved, nothing outside."""

from __future__ import annotations

import contextlib
import errno
import math
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import clock, files
from setup_assistant.sizes import size_text
from setup_assistant.steps.download import manifest
from setup_assistant.steps.download.complete import HEADS, check_heads, check_listed, unreadable
from setup_assistant.steps.download.listing import OWN_PREFIX, RemoteFile
from setup_assistant.steps.download.manifest import Kept, Manifest
from setup_assistant.steps.download.reuse import take
from setup_assistant.steps.download.source import Source
from setup_assistant.steps.step import Silent, Teller
from setup_assistant.words import Message, _, msg

LOCK = f"{OWN_PREFIX}.lock"
_READERS = 2
# Less than this says nothing about the speed of a line.
_MEASURED_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to bring where.

    `before` is told every path that will be written, before any is; `verify` reads again what
    an earlier run proved; `flag` is the option that chooses the folder. `note` is told each file
    that arrived; `wait` waits for another run in the same folder instead of refusing.
    """

    model: str
    source: Source
    folder: Path
    flag: str
    verify: bool = False
    tell: Teller = field(default_factory=Silent)
    before: Callable[[Path, Sequence[str]], None] = lambda _folder, _paths: None
    note: Callable[[Message], None] = lambda _text: None
    wait: bool = False


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What is in the folder now. `received_bytes` is what this run added to it."""

    record: Manifest
    received_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """Size of all files."""
        return sum(k.size for k in self.record.files)


def bring(job: Job) -> Brought:
    """Make `job.folder` hold the whole model; what is there and proved is not fetched again.

    Raises:
        SetupError: what the source says, `no_space`, `not_writable`, `site_busy`,
            `weights_damaged`, `weights_incomplete`.
    """
    old = manifest.load(job.folder)
    old = old if old and old.model == job.model else None
    if old and old.complete and not job.verify and manifest.intact(job.folder, job.model):
        return Brought(record=old)
    proved = _proved_before(job, old)
    if old and old.complete:
        whole = len(proved) == len(old.files)
        # Where something is damaged the record must not call the folder complete any longer,
        # whatever the hub says next.
        record = _record(job, proved.values(), complete=whole, source=old.source)
        if whole:
            # Copied, or read again: no need to ask the hub.
            return Brought(record=record)
    listed = job.source.list()
    check_listed([f.path for f in listed], job.model)
    _check_links(job, listed)
    _check_space(job, listed)
    job.before(job.folder, [f.path for f in listed])
    _make(job)
    with files.exclusive(job.folder / LOCK, _sayer(job) if job.wait else None) as waited:
        if waited:
            old = manifest.load(job.folder)
            if old and manifest.intact(job.folder, job.model):
                return Brought(record=old)
            proved = _proved_before(job, old if old and old.model == job.model else None)
        return _Run(job, listed, proved).finish()


def _sayer(job: Job) -> Callable[[], None]:
    text = msg("Another run is working in {folder}: waiting for it", folder=str(job.folder))
    return lambda: job.note(text)


class _Run:
    """One run under the folder's lock."""

    def __init__(self, job: Job, listed: Sequence[RemoteFile], proved: dict[str, Kept]) -> None:
        self._job = job
        self._listed = listed
        self._total = sum(f.size for f in listed)
        self._received = 0
        self._began = clock.monotonic()
        self._proved = {f.path: k for f in listed if (k := proved.get(f.path)) and _fits(f, k)}

    def finish(self) -> Brought:
        for file, origin in take(
            self._job.model, self._missing(), self._job.folder, self._job.flag
        ):
            where = str(origin.parent)
            self._job.note(msg("{path} is taken from {where}", path=file.path, where=where))
        self._verify(self._missing())
        listed = [f.path for f in self._listed]
        self._fetch([f for f in self._missing() if f.path in HEADS])
        check_heads(self._job.folder, listed, self._job.model)
        self._fetch(self._missing())
        for path in unreadable(self._job.folder, listed):
            # The hub serves it so: it is what was listed, but no library will load it.
            self._job.note(msg("{path} does not begin as a safetensors file does", path=path))
        record = _record(self._job, self._proved.values(), complete=True)
        return Brought(record=record, received_bytes=self._received)

    def _missing(self) -> list[RemoteFile]:
        return [f for f in self._listed if f.path not in self._proved]

    def _fetch(self, wanted: Sequence[RemoteFile]) -> None:
        """Fetch and prove; what came damaged is fetched once more."""
        for _attempt in (1, 2):
            if not wanted:
                return
            self._get(wanted)
            self._verify(wanted)
            wanted = [f for f in wanted if f.path not in self._proved]
        if wanted:
            raise SetupError("weights_damaged", path=wanted[0].path, url=self._job.source.name)

    def _get(self, wanted: Sequence[RemoteFile]) -> None:
        job, there = self._job, self._done()
        self._began = clock.monotonic()
        before = sum(job.source.partial_bytes(job.folder, f) for f in wanted)
        latest = before

        def on_bytes(done: int) -> None:
            nonlocal latest
            latest = done
            job.tell.progress(there + done, self._total, self._pace(there + done, done - before))

        try:
            job.source.get(wanted, job.folder, on_bytes, self._arrived)
        finally:
            self._received += max(0, latest - before)

    def _pace(self, done: int, received: int) -> Message:
        """Say how fast this run is, and how long the rest takes at that."""
        speed = received / max(clock.monotonic() - self._began, 0.001)
        if received < _MEASURED_BYTES or speed <= 0:
            return msg("Downloading {model}", model=self._job.model)
        return msg(
            "Downloading {model}: {speed} a second, {minutes} min left",
            model=self._job.model,
            speed=size_text(int(speed)),
            minutes=math.ceil((self._total - done) / speed / 60),
        )

    def _arrived(self, file: RemoteFile, digest: str) -> None:
        """Take a file whose sum was reckoned on the way."""
        stat = (self._job.folder / file.path).stat()
        kept = Kept(path=file.path, size=stat.st_size, sha256=digest, mtime=stat.st_mtime_ns)
        self._prove(file, kept)

    def _verify(self, wanted: Sequence[RemoteFile]) -> None:
        """Prove the wanted files that are there; remove those that are something else."""
        job = self._job
        full = [f for f in wanted if f.path not in self._proved]
        full = [f for f in full if _size(job.folder / f.path) == f.size]
        text = msg("Checking the files of {model}", model=job.model)
        for file, kept in zip(full, _hashed(job.folder, full), strict=True):
            self._prove(file, kept)
            job.tell.progress(self._done(), self._total, text)

    def _prove(self, file: RemoteFile, kept: Kept | None) -> None:
        """Record a file that is what was listed; remove it where it is something else."""
        job = self._job
        if kept and _fits(file, kept):
            self._proved[file.path] = replace(
                kept, checked="sha256" if file.sha256 else "size", revision=file.revision
            )
            _record(job, self._proved.values(), complete=False)
            job.note(msg("{path} is here, {size}", path=file.path, size=size_text(file.size)))
        else:
            files.remove(job.folder / file.path)
            job.note(msg("{path}: the sha256 differs; fetched again", path=file.path))

    def _done(self) -> int:
        return sum(k.size for k in self._proved.values())


def _proved_before(job: Job, old: Manifest | None) -> dict[str, Kept]:
    """Return what the record says and still holds: by stat, or by reading where that differs."""
    if not old:
        return {}
    same = [k for k in old.files if not job.verify and manifest.untouched(job.folder, k)]
    proved = {k.path: k for k in same}
    unsure = [k for k in old.files if k.path not in proved]
    unsure = [k for k in unsure if _size(job.folder / k.path) == k.size]
    wanted = [RemoteFile(path=k.path, size=k.size, sha256=k.sha256) for k in unsure]
    total, done = sum(k.size for k in old.files), sum(k.size for k in same)
    for known, found in zip(unsure, _hashed(job.folder, wanted), strict=True):
        done += known.size
        job.tell.progress(done, total, msg("Checking the files of {model}", model=job.model))
        if found and found.sha256 == known.sha256:
            proved[known.path] = replace(known, mtime=found.mtime)
    return proved


def _hashed(folder: Path, wanted: Iterable[RemoteFile]) -> Iterable[Kept | None]:
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


def _fits(file: RemoteFile, kept: Kept) -> bool:
    return kept.size == file.size and file.sha256 in (None, kept.sha256)


def _record(
    job: Job, proved: Iterable[Kept], *, complete: bool, source: str | None = None
) -> Manifest:
    record = Manifest(
        model=job.model,
        source=source or job.source.name,
        complete=complete,
        files=tuple(sorted(proved, key=lambda k: k.path)),
    )
    manifest.save(job.folder, record)
    return record


def _check_links(job: Job, listed: Sequence[RemoteFile]) -> None:
    """Refuse to write through a link that leads out of the folder."""
    root = job.folder.resolve()
    for parent in {(job.folder / f.path).parent for f in listed}:
        if not parent.resolve().is_relative_to(root):
            raise SetupError(
                "weights_listing", model=job.model, detail=_("{path} is a link", path=str(parent))
            )


def _check_space(job: Job, listed: Sequence[RemoteFile]) -> None:
    """Refuse before anything is written what the disk cannot take."""
    absent = [f for f in listed if _size(job.folder / f.path) != f.size]
    partial = sum(job.source.partial_bytes(job.folder, f) for f in absent)
    need, free = sum(f.size for f in absent) - partial, files.free_bytes(job.folder)
    if free < need:
        raise SetupError(
            "no_space",
            path=str(files.nearest_existing(job.folder)),
            free=size_text(free),
            need=size_text(need),
            flag=job.flag,
        )


def _make(job: Job) -> None:
    detail = ""
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        detail = error.strerror or str(error)
    if not detail and not os.access(job.folder, os.W_OK | os.X_OK):
        detail = os.strerror(errno.EACCES)
    if detail:
        raise SetupError("not_writable", path=str(job.folder), detail=detail, flag=job.flag)


def _size(path: Path) -> int:
    """Return the size of a regular file; -1 where there is none."""
    with contextlib.suppress(OSError):
        return path.stat().st_size if path.is_file() else -1
    return -1
