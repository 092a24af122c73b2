"""One run under the folder's lock: take what is near, fetch the rest, prove everything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from setup_assistant.errors import SetupError
from setup_assistant.host import clock, files, removal
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.messages import Message, msg
from setup_assistant.steps.download import proving, speeds
from setup_assistant.steps.download.fallback import Several
from setup_assistant.steps.download.job import Brought, Event, Job
from setup_assistant.steps.download.local import take
from setup_assistant.steps.download.proving import (
    arrival,
    is_hollow,
    other_state,
    record,
    say_verifying,
)
from setup_assistant.units_text import size_text
from setup_assistant.weights.backup import keep_own
from setup_assistant.weights.flusher import Flusher
from setup_assistant.weights.folder_record import Kept, Manifest, size_of
from setup_assistant.weights.hashing import fits, hashed, proves
from setup_assistant.weights.model_folder import HEADS, check_heads, unreadable

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
        self,
        job: Job,
        sources: Several,
        listed: Sequence[RemoteFile],
        proved: Mapping[str, Kept],
        ours: Manifest | None = None,
    ) -> None:
        """Begin with what is `proved`; `ours` is the record of what this account brought."""
        self._job = job
        self._sources = sources
        self._listed = listed
        self._total = sum(f.size for f in listed)
        self._received = 0
        self._began = self._told = clock.monotonic()
        compared = self._comparison = sources.comparison
        there = [(f, k) for f in listed if (k := proved.get(f.path)) and fits(f, k)]
        self._proved = {
            f.path: replace(compared.renewed(f, k), revision=f.revision)
            for f, k in there
            if not other_state(f, k)
        }
        self._outdated = [f for f, k in there if not f.git_blob and other_state(f, k)]
        self._ours = {k.path: k.sha256 for k in ours.files} if ours else {}
        self._resumed: set[str] = set()
        self._flusher = Flusher(job.folder)
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
        self._set_aside(self._outdated)
        for file in self._outdated:
            # Of the same size, with nothing that tells the two apart: it must come again.
            removal.drop(job.folder / file.path, under=job.folder)
        for path, kept in self._proved.items():
            self._flusher.add(path)
            self._tell_file(path, kept, "kept")
        for file, origin in take(job.model, self._missing(), job.folder, job.flag):
            where = str(origin.parent)
            self._reused.add(file.path)
            job.note(msg("{path} is taken from {where}", path=file.path, where=where))
        self._verify(self._missing())
        self._set_aside(self._missing())
        listed = [f.path for f in self._listed]
        self._fetch([f for f in self._missing() if f.path in HEADS])
        check_heads(job.folder, listed, job.model)
        self._fetch(self._missing())
        for path in unreadable(job.folder, listed):
            # The hub serves it so: it is what was listed, but no library will load it.
            job.note(msg("{path} does not begin as a safetensors file does", path=path))
        self._flush()
        found = record(
            job, self._proved.values(), complete=True, source=self._sources.name, synced=True
        )
        self._tell_leftovers(listed)
        return Brought(record=found, received_bytes=self._received)

    def _flush(self) -> None:
        """Wait until all that came is on the disk: a record may not outlive its files."""
        text = msg("Writing {model} to the disk", model=self._job.model)
        try:
            self._flusher.finish(lambda: self._job.tell.progress(self._total, self._total, text))
        except OSError as error:
            raise files.refusal(error, self._job.folder, flag=self._job.flag) from error

    def _set_aside(self, wanted: Sequence[RemoteFile]) -> None:
        for path, name in keep_own(self._job.folder, wanted, self._ours):
            text = msg("{path} was another file: it is kept as {name}", path=path, name=name)
            self._job.note(text)

    def _tell_leftovers(self, listed: Sequence[str]) -> None:
        """Name what other clients, or earlier runs, left unfinished."""
        unfinished = proving.leftovers(self._job.folder, set(listed))
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
            self._verify(wanted, came=True)
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
        job, there = self._job, self._proved_bytes
        self._began = clock.monotonic()
        begun = {f.path: self._sources.partial_bytes(job.folder, f) for f in wanted}
        self._resumed = {path for path, size in begun.items() if size}
        before = latest = sum(begun.values())

        def on_bytes(done: int) -> None:
            nonlocal latest
            latest = max(latest, done)
            self._tell_progress(wanted, there + done, done - before)

        wait = True
        try:
            self._sources.get(wanted, job.folder, on_bytes, self._arrived)
        except KeyboardInterrupt:
            wait = False
            self._flusher.abandon()
            raise
        finally:
            self._record(wait=wait)
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
        try:
            stat = (self._job.folder / file.path).stat()
        except OSError as error:
            raise files.refusal(error, self._job.folder, flag=self._job.flag) from error
        kept = Kept(path=file.path, size=stat.st_size, sha256=digest, mtime=stat.st_mtime_ns)
        self._prove(file, kept, fetched=True, came=True)

    def _verify(self, wanted: Sequence[RemoteFile], *, came: bool = False) -> None:
        """Prove the wanted files that are there; remove those that are something else."""
        job = self._job
        full = [f for f in wanted if f.path not in self._proved]
        full = [f for f in full if size_of(job.folder / f.path) == f.size]
        for file, kept in zip(full, hashed(job.folder, full), strict=True):
            self._prove(file, kept, fetched=False, came=came)
            say_verifying(job, self._proved_bytes, self._total, file.path)
        self._record(wait=True)

    def _prove(self, file: RemoteFile, kept: Kept | None, *, fetched: bool, came: bool) -> None:
        """Record a file that is what was listed; remove it where it is something else."""
        job, origin = self._job, self._sources.origin(file.path)
        path = job.folder / file.path
        whole = came and file.path not in self._resumed
        if kept and is_hollow(file, path, whole=whole):
            removal.drop(path, under=job.folder)
            job.note(msg("{path}: a part of it is all zeros; fetched again", path=file.path))
            job.event(Event("damaged", {"path": file.path, "source": origin}))
            return
        checked = proves(job.folder, file, kept) if kept else None
        if not (kept and checked):
            self._set_aside([] if came else [file])
            removal.drop(path, under=job.folder)
            job.note(msg("{path}: the sha256 differs; fetched again", path=file.path))
            job.event(Event("damaged", {"path": file.path, "source": origin}))
            return
        kept = replace(
            kept,
            checked=self._comparison.of(file, checked),
            revision=file.revision,
            source=None if origin == self._sources.name else origin,
        )
        self._proved[file.path] = kept
        self._flusher.add(file.path)
        self._proved_bytes += kept.size
        self._unrecorded = True
        if kept.size >= _DEAR_BYTES or clock.monotonic() - self._recorded > _RECORD_SECONDS:
            self._record()
        job.note(arrival(file, kept, links=path.stat().st_nlink))
        how = "fetched" if fetched else "reused" if file.path in self._reused else "kept"
        self._tell_file(file.path, kept, how)

    def _record(self, *, wait: bool = False) -> None:
        """Write down what is proved so far and on the disk; `wait` for what is not yet."""
        if not self._unrecorded:
            return
        if wait:
            self._flush()
        there = [k for k in self._proved.values() if self._flusher.is_out(k.path)]
        record(self._job, there, complete=False, source=self._sources.name, synced=True)
        self._recorded = clock.monotonic()
        self._unrecorded = len(there) < len(self._proved)

    def _tell_file(self, path: str, kept: Kept, how: str) -> None:
        data = {"path": path, "size_bytes": kept.size, "how": how, "checked": kept.checked}
        origin = kept.source or self._sources.name
        self._job.event(Event("file", {**data, "source": origin}))
