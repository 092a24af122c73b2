"""One run under the folder's lock: take what is near, fetch the rest, prove everything."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from setup_assistant.errors import SetupError
from setup_assistant.host import clock, removal
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.messages import Message, msg
from setup_assistant.steps.download import leftovers, speeds
from setup_assistant.steps.download.events import Event
from setup_assistant.steps.download.fallback import Several
from setup_assistant.steps.download.job import Brought, Job
from setup_assistant.steps.download.preflight import size_of
from setup_assistant.steps.download.reuse import take
from setup_assistant.units_text import size_text
from setup_assistant.weights.folder_record import Kept
from setup_assistant.weights.hashing import fits, hashed, proves, record, say_verifying
from setup_assistant.weights.model_files_present import HEADS, check_heads, unreadable

# Less than this says nothing about the speed of a line.
_MEASURED_BYTES = 1_000_000
_EVENT_SECONDS = 0.5
# How many files are named as under way, of so many that may be: they come in order.
_MOST_NAMED, _MOST_UNDER_WAY = 8, 64
# The record is written at most this often, and at once for a file that is dear to read again:
# one for each of thousands of small files would take longer than the files.
_RECORD_SECONDS, _DEAR_BYTES = 1.0, 16_000_000


class Run:
    """Brings what is missing of a listing."""

    def __init__(
        self, job: Job, sources: Several, listed: Sequence[RemoteFile], proved: dict[str, Kept]
    ) -> None:
        self._job = job
        self._sources = sources
        self._listed = listed
        self._total = sum(f.size for f in listed)
        self._received = 0
        self._began = self._told = clock.monotonic()
        self._proved = {
            f.path: replace(k, revision=f.revision) for f in listed
            if (k := proved.get(f.path)) and fits(f, k) and not _other_state(f, k)
        }  # fmt: skip
        self._outdated = [
            f.path for f in listed
            if not f.git_blob and (k := proved.get(f.path)) and _other_state(f, k)
        ]  # fmt: skip
        self._reused: set[str] = set()
        self._proved_bytes = sum(k.size for k in self._proved.values())
        self._recorded = clock.monotonic()
        self._unrecorded = False

    def finish(self) -> Brought:
        """Bring and prove everything; record it as complete.

        Raises:
            SetupError: as `folder.bring`.
        """
        job = self._job
        for path in self._outdated:
            # Of the same size, with nothing that tells the two apart: it must come again.
            removal.drop(job.folder / path, under=job.folder)
        for path, kept in self._proved.items():
            self._tell_file(path, kept, "kept")
        for file, origin in take(job.model, self._missing(), job.folder, job.flag):
            where = str(origin.parent)
            self._reused.add(file.path)
            job.note(msg("{path} is taken from {where}", path=file.path, where=where))
        self._verify(self._missing())
        listed = [f.path for f in self._listed]
        self._fetch([f for f in self._missing() if f.path in HEADS])
        check_heads(job.folder, listed, job.model)
        self._fetch(self._missing())
        for path in unreadable(job.folder, listed):
            # The hub serves it so: it is what was listed, but no library will load it.
            job.note(msg("{path} does not begin as a safetensors file does", path=path))
        found = record(job, self._proved.values(), complete=True, source=self._sources.name)
        self._tell_leftovers(listed)
        return Brought(record=found, received_bytes=self._received)

    def _tell_leftovers(self, listed: Sequence[str]) -> None:
        """Name what other clients, or earlier runs, left unfinished."""
        unfinished = leftovers.find(self._job.folder, set(listed))
        for path, size in unfinished:
            self._job.event(Event("leftover", {"path": path, "size_bytes": size}))
        if unfinished:
            named = ", ".join(path for path, _bytes in unfinished[:_MOST_NAMED])
            total = size_text(sum(size for _path, size in unfinished))
            self._job.note(
                msg("Not needed: unfinished files, {size}, in {folder}: {names}",
                    size=total, folder=str(self._job.folder), names=named)
            )  # fmt: skip

    def _missing(self) -> list[RemoteFile]:
        return [f for f in self._listed if f.path not in self._proved]

    def _fetch(self, wanted: Sequence[RemoteFile]) -> None:
        """Fetch and prove; what came damaged is fetched once more, then from elsewhere."""
        tries: dict[str, int] = {}
        while wanted:
            self._get(wanted)
            self._verify(wanted)
            wanted = [self._renewed(f) for f in wanted if f.path not in self._proved]
            for file in wanted:
                tries[file.path] = tries.get(file.path, 0) + 1
                if tries[file.path] % 2 == 0 and not self._sources.distrust(file):
                    url = self._sources.origin(file.path)
                    raise SetupError("weights_damaged", path=file.path, url=url)

    def _renewed(self, file: RemoteFile) -> RemoteFile:
        """Return what a file that came damaged is to be, and remember it."""
        renewed = self._sources.renewed(file)
        self._listed = [renewed if f.path == file.path else f for f in self._listed]
        self._total = sum(f.size for f in self._listed)
        return renewed

    def _get(self, wanted: Sequence[RemoteFile]) -> None:
        job, there = self._job, self._done()
        self._began = clock.monotonic()
        before = sum(self._sources.partial_bytes(job.folder, f) for f in wanted)
        latest = before

        def on_bytes(done: int) -> None:
            nonlocal latest
            latest = max(latest, done)
            self._tell_progress(wanted, there + done, done - before)

        try:
            self._sources.get(wanted, job.folder, on_bytes, self._arrived)
        finally:
            self._record()
            received = max(0, latest - before)
            self._received += received
            speeds.remember(self._sources.name, received, clock.monotonic() - self._began)

    def _tell_progress(self, wanted: Sequence[RemoteFile], done: int, received: int) -> None:
        job, now = self._job, clock.monotonic()
        speed = received / max(now - self._began, 0.001)
        known = received >= _MEASURED_BYTES and speed > 0
        job.tell.progress(done, self._total, self._pace(done, speed if known else 0.0))
        if now - self._told < _EVENT_SECONDS and done < self._total:
            return
        self._told = now
        data = {
            "done_bytes": done,
            "total_bytes": self._total,
            "bytes_per_second": round(speed) if known else None,
            "remaining_seconds": math.ceil((self._total - done) / speed) if known else None,
            "files": self._under_way(wanted),
        }
        job.event(Event("progress", data))

    def _under_way(self, wanted: Sequence[RemoteFile]) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        absent = (f for f in wanted if f.path not in self._proved)
        for file in islice(absent, _MOST_UNDER_WAY):
            done = self._sources.partial_bytes(self._job.folder, file)
            if done and len(found) < _MOST_NAMED:
                found.append({"path": file.path, "done_bytes": done, "size_bytes": file.size})
        return found

    def _pace(self, done: int, speed: float) -> Message:
        """Say how fast this run is, and how long the rest takes at that."""
        if not speed:
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
        self._prove(file, kept, fetched=True)

    def _verify(self, wanted: Sequence[RemoteFile]) -> None:
        """Prove the wanted files that are there; remove those that are something else."""
        job = self._job
        full = [f for f in wanted if f.path not in self._proved]
        full = [f for f in full if size_of(job.folder / f.path) == f.size]
        for file, kept in zip(full, hashed(job.folder, full), strict=True):
            self._prove(file, kept, fetched=False)
            say_verifying(job, self._done(), self._total, file.path)
        self._record()

    def _prove(self, file: RemoteFile, kept: Kept | None, *, fetched: bool) -> None:
        """Record a file that is what was listed; remove it where it is something else."""
        job, origin = self._job, self._sources.origin(file.path)
        checked = proves(job.folder, file, kept) if kept else None
        if not (kept and checked):
            removal.drop(job.folder / file.path, under=job.folder)
            job.note(msg("{path}: the sha256 differs; fetched again", path=file.path))
            job.event(Event("damaged", {"path": file.path, "source": origin}))
            return
        kept = replace(
            kept,
            checked=checked,
            revision=file.revision,
            source=None if origin == self._sources.name else origin,
        )
        self._proved[file.path] = kept
        self._proved_bytes += kept.size
        self._unrecorded = True
        if kept.size >= _DEAR_BYTES or clock.monotonic() - self._recorded > _RECORD_SECONDS:
            self._record()
        job.note(_arrival(file, kept))
        how = "fetched" if fetched else "reused" if file.path in self._reused else "kept"
        self._tell_file(file.path, kept, how)

    def _record(self) -> None:
        """Write down what is proved so far."""
        if self._unrecorded:
            record(self._job, self._proved.values(), complete=False, source=self._sources.name)
            self._recorded, self._unrecorded = clock.monotonic(), False

    def _tell_file(self, path: str, kept: Kept, how: str) -> None:
        data = {"path": path, "size_bytes": kept.size, "how": how, "checked": kept.checked}
        origin = kept.source or self._sources.name
        self._job.event(Event("file", {**data, "source": origin}))

    def _done(self) -> int:
        return self._proved_bytes


def _other_state(file: RemoteFile, kept: Kept) -> bool:
    """Whether a recorded file is another state of it than the listed one, by names alone."""
    if file.sha256:
        return False
    if file.git_blob:
        # Proved by size only, or as another blob: read it.
        return kept.checked != "git" or kept.revision != file.revision
    return kept.revision != file.revision


def _arrival(file: RemoteFile, kept: Kept) -> Message:
    size = size_text(file.size)
    if kept.source:
        return msg("{path} is here, {size}, from {url}", path=file.path, size=size, url=kept.source)
    return msg("{path} is here, {size}", path=file.path, size=size)
