"""Bring many files over a few connections at once, whatever the line does.

Every connection takes a run of segments of some file. What is left over is cut into ever smaller
runs towards the end, so that all connections end together. Attempts are counted only while no
byte comes on any connection: a line that drops every minute is slow, not broken.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from setup_assistant.host import clock
from setup_assistant.host.http import Http, WebError, silence_seconds
from setup_assistant.host.transfer.concurrency import Width, help_slowest
from setup_assistant.host.transfer.file_progress import Flow, Patience, Run, TransferError, ending
from setup_assistant.host.transfer.part import Part
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.host.transfer.request import fetch_run
from setup_assistant.host.transfer.wait import Wait, too_long, wait_of

CONNECTIONS = 8
# It begins with one; the others join where, or as soon as, the line is slower than this (bytes/s).
# Above, the processor is the limit, and more connections only take it away from the sums.
_AT_FIRST = 1
_LOOK_EVERY_SECONDS = 0.3
_FAST = 400_000_000
_HASHERS = 2
# Files that are open at once, and segments of one request.
_MOST_OPEN = 48
_LARGEST_RUN = 16
_TELL_EVERY_SECONDS = 0.2


class Transfer:
    """One transfer of many files.

    `on_bytes` is told how many bytes of all files are there, `on_file` each file that has its
    name and its sha256, and `http.on_wait` that the server asked to be left alone for a while;
    all from the thread that calls `run`.
    """

    def __init__(
        self,
        http: Http,
        *,
        patience: Patience,
        on_bytes: Callable[[int], None],
        on_file: Callable[[RemoteFile, str], None],
        connections: int = CONNECTIONS,
    ) -> None:
        self._http, self._patience = http, patience
        self._waits: list[Wait] = []
        # Until then the server asked to be left alone, by whatever connection it was told.
        self._not_before = 0.0
        self._silence = silence_seconds()
        self._on_bytes, self._on_file = on_bytes, on_file
        self._connections = connections
        self._waiting: deque[Flow] = deque()
        self._active: list[Flow] = []
        self._arrived: list[tuple[RemoteFile, str]] = []
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._failed: tuple[Exception, str] | None = None
        self._best = self._settled = self._asleep = 0
        self._runs: list[Run] = []
        self._width = Width(connections)

    def run(self, folder: Path, wanted: Sequence[tuple[RemoteFile, str]], origin: str) -> None:
        """Bring every file from its address into `folder`; `origin` names the source.

        Raises:
            TransferError: nothing came any more, or something that trying again does not mend.
        """
        for file, url in wanted:
            part = Part(folder, file, origin)
            part.load()
            self._waiting.append(Flow(part, url, []))
        self._asleep = sum(f.part.done for f in self._waiting)
        self._best = self._asleep
        count = min(self._connections, sum(max(1, len(f.part.counts)) for f in self._waiting))
        try:
            self._start(self._hash, _HASHERS)
            self._start(self._work, min(count, _AT_FIRST))
            self._watch(len(wanted), max(0, count - _AT_FIRST))
        finally:
            self._end()
        if self._failed:
            error, path = self._failed
            raise TransferError(ending(error), path) from error

    def _start(self, work: Callable[[], None], count: int) -> None:
        for _number in range(count):
            self._threads.append(threading.Thread(target=work, daemon=True))
            self._threads[-1].start()

    def _watch(self, expected: int, more: int) -> None:
        """Tell, from the caller's thread, what comes, until all is there or nothing will."""
        looked, before = clock.monotonic(), self._best
        while True:
            with self._changed:
                if not self._arrived and not self._failed:
                    self._changed.wait(_TELL_EVERY_SECONDS)
                arrived, self._arrived = self._arrived, []
                waits, self._waits = self._waits, []
            done = self._done()
            self._on_bytes(done)
            for file, digest in arrived:
                self._on_file(file, digest)
            for wait in waits:
                self._http.on_wait(wait)
            expected -= len(arrived)
            if self._failed or not expected:
                return
            seconds = clock.monotonic() - looked
            if more and seconds > _LOOK_EVERY_SECONDS:
                if (done - before) / seconds < _FAST:
                    self._start(self._work, more)
                    more = 0
                looked, before = clock.monotonic(), done

    def _end(self) -> None:
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            # A silent connection is not waited for: its thread writes nothing any more. One without
            # an id was never started: Ctrl-C came first.
            if thread.ident is not None:
                thread.join(0.3)
        if not any(t.is_alive() for t in self._threads):
            for flow in self._active:
                flow.part.close()

    def _done(self) -> int:
        with self._changed:
            return self._settled + self._asleep + sum(f.part.done for f in self._active)

    # --- connections ----------------------------------------------------------------------
    def _work(self) -> None:
        while run := self._take():
            try:
                fetch_run(self._http, run, self._changed, self._stop, self._silence)
            except WebError as error:
                self._on_error(run, error)
            except Exception as error:  # noqa: BLE001 - raised again where the caller waits
                self._fail(error, run.flow)
            with self._changed:
                self._runs.remove(run)
                self._width.learn(run, clock.monotonic())
                run.flow.give_back(run)
                self._changed.notify_all()

    def _take(self) -> Run | None:
        """Return the next run, or None where there will be none."""
        with self._changed:
            while not self._stop.is_set():
                now = clock.monotonic()
                flow = next((f for f in self._active if f.free(now)), None)
                if now < self._not_before or not self._width.allows(len(self._runs), now):
                    self._changed.wait(0.1)
                elif flow:
                    self._runs.append(flow.cut(self._most()))
                    return self._runs[-1]
                elif self._waiting and len(self._active) < _MOST_OPEN:
                    self._open(self._waiting.popleft())
                elif not self._waiting and not any(f.pending or f.taken for f in self._active):
                    return None
                else:
                    help_slowest(self._runs, now, self._width.usual)
                    self._changed.wait(0.1)
        return None

    def _most(self) -> int:
        """Return how many segments one request may be for: fewer towards the end."""
        left = sum(b - a for f in self._active for a, b in f.pending)
        return min(_LARGEST_RUN, max(1, left // (2 * self._connections)))

    def _open(self, flow: Flow) -> None:
        part = flow.part
        self._asleep -= part.done
        try:
            part.open()
        except OSError as error:
            self._fail(error, flow)
            return
        flow.pending = part.missing()
        flow.ranged = True if len(part.counts) == 1 else None
        self._active.append(flow)
        self._changed.notify_all()

    def _on_error(self, run: Run, error: WebError) -> None:
        done = self._done()
        with self._changed:
            if error.crowded:
                self._width.refused(len(self._runs), clock.monotonic())
            again = error.again or run.flow.may_have_expired(run, error)
            self._best = max(self._best, done)
            enough = run.flow.failed(run, error, self._patience, self._best)
            if (error.retry_after or 0.0) > self._patience.longest_retry_after:
                error, enough = too_long(error), True
            elif error.retry_after:
                self._hold(run, error)
        if enough or not again:
            self._fail(error, run.flow)

    def _hold(self, run: Run, error: WebError) -> None:
        """Let no connection ask again before the server wants to be asked."""
        until = clock.monotonic() + (error.retry_after or 0.0)
        wait = wait_of(run.flow.url, error)
        if wait and until > self._not_before + 1.0:
            self._waits.append(wait)
        self._not_before = max(self._not_before, until)
        self._changed.notify_all()

    def _fail(self, error: Exception, flow: Flow) -> None:
        with self._changed:
            self._failed = self._failed or (error, flow.part.file.path)
            self._stop.set()
            self._changed.notify_all()

    # --- sums -----------------------------------------------------------------------------
    def _hash(self) -> None:
        """Follow the files with their sums, and name those that are there."""
        while not self._stop.is_set():
            with self._changed:
                flows = list(self._active)
            if not sum(self._hash_one(f) for f in flows):
                with self._changed:
                    self._changed.wait(0.02)

    def _hash_one(self, flow: Flow) -> bool:
        try:
            worked = flow.part.hash_on()
            digest = flow.part.settle()
        except OSError as error:
            self._fail(error, flow)
            return False
        if digest is not None:
            with self._changed:
                self._active.remove(flow)
                self._settled += flow.part.file.size
                self._arrived.append((flow.part.file, digest))
                self._changed.notify_all()
        return worked
