"""What is left to fetch of one file, who is at it, and how patient to be."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field

from setup_assistant.host import clock
from setup_assistant.host.http import WebError, explain
from setup_assistant.host.transfer.part import SEGMENT, Part
from setup_assistant.messages import msg

_FIRST_PAUSE = 0.2
# How much a failure counts whose answer said when to come again.
_ASKED_WEIGHT = 0.2
# Fewer bytes a second, on one connection, are as good as none; and so few in all are no progress.
_TRICKLE, _NO_PROGRESS = 100, 1000
# How often a file may have another size or version than before until that is believed.
_MOST_SURPRISES = 3


class TransferError(Exception):
    """The end of a transfer: why, and at which file."""

    def __init__(self, cause: WebError, path: str) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.path = path


def ending(error: Exception) -> WebError:
    """Return what the error that ended a transfer means; raises what is none of its errors."""
    if isinstance(error, FileNotFoundError):
        # Never the server: someone took the folder, or a file that is on its way, away.
        return WebError("not_writable", msg("{detail}", detail=os.strerror(errno.ENOENT)))
    return explain(error)


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How often to try again where no byte comes, and how many seconds to wait at most."""

    attempts: int = 10
    longest_pause: float = 30.0
    # Whoever asks for more is not waited for.
    longest_retry_after: float = 3600.0


@dataclass
class Flow:
    """One file: the runs nobody has taken yet, and whether its server knows ranges.

    `generation` changes when the file starts over: what older runs bring is thrown away.
    """

    part: Part
    url: str
    pending: list[tuple[int, int]]
    ranged: bool | None = None
    taken: int = 0
    generation: int = 0
    not_before: float = 0.0
    # A whole answer had the wrong size: ask for the same bytes as a part.
    ask_part: bool = False
    surprises: int = 0
    # How much there was when the server last refused what it had given before; -1: never.
    _refused_at: int = -1
    _failures: int = 0
    _fruitless: float = 0.0
    _best_here: int = 0
    _best_of_all: int = -_NO_PROGRESS

    def free(self, now: float) -> bool:
        """Whether a connection may take a run: the first one finds out about ranges."""
        may_join = self.taken == 0 or self.ranged is True
        return bool(self.pending) and may_join and now >= self.not_before

    def cut(self, most: int) -> Run:
        """Take the next run, of at most so many segments where ranges are known."""
        at, end = self.pending.pop(0)
        if self.ranged is not False and end - at > most:
            self.pending.insert(0, (at + most, end))
            end = at + most
        self.taken += 1
        return Run(self, at, end, self.generation, self._failures)

    def give_back(self, run: Run) -> None:
        """Put back what is left of a run."""
        self.taken -= 1
        if run.generation != self.generation:
            return
        run.skip_done()
        if run.at < run.end:
            self.pending.append((run.at, run.end))
            self.pending.sort()

    def start_over(self, run: Run) -> bool:
        """Let `run` bring the whole file from its beginning; False where another one does."""
        if run.generation != self.generation:
            return False
        self.generation += 1
        self.ranged = False
        self.pending = []
        self.part.start_over()
        run.at, run.end, run.generation = 0, len(self.part.counts), self.generation
        return True

    def forget(self, run: Run) -> bool:
        """Begin anew with all runs: the file changed at the server; False once that is too often.

        Only for files whose sha256 nobody knows: the others are proved at the end.
        """
        if run.generation == self.generation:
            if self.surprises >= _MOST_SURPRISES:
                return False
            self.surprises += 1
            self.generation += 1
            self.part.start_over()
            self.pending = self.part.missing()
        return True

    def surprised(self) -> bool:
        """Count an answer of another size; return whether that is enough."""
        self.surprises += 1
        self.ask_part = True
        return self.surprises >= _MOST_SURPRISES

    def failed(self, run: Run, error: WebError, patience: Patience, done: int) -> bool:
        """Count a failure and set the pause; return whether to give up.

        `done` is the most bytes there ever were of all files: while some come, nothing is lost.
        """
        if run.failures != self._failures:
            # Several connections met the same trouble: it counts once.
            return False
        here = self.part.done
        more = done >= self._best_of_all + _NO_PROGRESS
        self._failures = 1 if here > self._best_here else self._failures + 1
        self._best_here = max(self._best_here, here)
        # A hub that says when to come again is alive.
        weight = _ASKED_WEIGHT if error.retry_after else 1.0
        self._fruitless = weight if more else self._fruitless + weight
        self._best_of_all = done if more else self._best_of_all
        pause = min(_FIRST_PAUSE * 2.0 ** min(self._failures - 1, 20), patience.longest_pause)
        if error.retry_after is not None:
            pause = error.retry_after
        self.not_before = clock.monotonic() + pause
        return self._fruitless >= patience.attempts

    def may_have_expired(self, run: Run, error: WebError) -> bool:
        """Whether a refusal in mid-download is worth a fresh address: signed ones expire.

        Once, until more bytes came; several connections that met the same refusal count once.
        """
        if error.reason != "denied" or not self.part.done:
            return False
        if run.failures != self._failures:
            return True
        before, self._refused_at = self._refused_at, self.part.done
        return self.part.done > before


@dataclass
class Run:
    """Segments from `at` to before `end`, taken by one connection.

    It began at `began` (seconds) and brought `came` bytes; `dropped` where it is to end at once.
    """

    flow: Flow
    at: int
    end: int
    generation: int
    failures: int
    began: float = field(default_factory=clock.monotonic)
    came: int = 0
    dropped: bool = False
    _looked: float = field(default_factory=clock.monotonic)
    _came_then: int = 0

    @property
    def first(self) -> int:
        """The first byte to ask for."""
        return self.at * SEGMENT + self.flow.part.counts[self.at]

    @property
    def last(self) -> int:
        """The last byte to ask for."""
        return min(self.end * SEGMENT, self.flow.part.file.size) - 1

    @property
    def whole(self) -> bool:
        """Whether this is all of the file."""
        return self.first == 0 and self.last == self.flow.part.file.size - 1

    @property
    def stale(self) -> bool:
        """Whether the file started over meanwhile."""
        return self.generation != self.flow.generation

    def crawls(self, silence: float) -> bool:
        """Whether next to nothing came in the last `silence` seconds, drop by drop."""
        now = clock.monotonic()
        if now - self._looked < silence:
            return False
        came, self._came_then = self.came - self._came_then, self.came
        self._looked = now
        return came < _TRICKLE * silence

    def skip_done(self) -> None:
        """Go on behind the segments that are there."""
        part = self.flow.part
        while self.at < self.end and part.counts[self.at] == part.length(self.at):
            self.at += 1
