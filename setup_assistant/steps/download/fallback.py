"""Several sources as one: what the first does not deliver, the others do.

Only a file whose sha256 is known comes from another source than the one that listed it: then it
is the same file, wherever it comes from. A source that names another sha256 is not asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.host.transfer.wait import Wait
from setup_assistant.messages import msg
from setup_assistant.steps.download.job import Event, Job, Source
from setup_assistant.steps.download.proving import Comparison
from setup_assistant.steps.download.web import FileError
from setup_assistant.weights.folder_record import size_of

# Failures that another source may not have; a full disk is full for all.
_ELSEWHERE = frozenset(
    {
        "weights_contradicts", "weights_damaged", "weights_denied", "weights_failed",
        "weights_incomplete", "weights_interrupted", "weights_listing", "weights_size",
        "weights_unknown", "weights_unreachable",
    }
)  # fmt: skip
# Those that concern one file; with any other the source itself is given up.
_OF_ONE_FILE = ("weights_damaged", "weights_denied", "weights_incomplete", "weights_size")


class Several:
    """The sources of a job, in order of preference."""

    def __init__(self, job: Job, known: Mapping[str, str]) -> None:
        self._job = job
        self._sources = [job.source, *job.others]
        self._listings: dict[str, dict[str, RemoteFile]] = {}
        self._refused: set[tuple[str, str]] = set()
        self._origins: dict[str, str] = {}
        self._latest: SetupError | None = None
        self._known = known
        self._borrowed = False
        for source in self._sources:
            source.hear(self._say_wait)
        self.name = job.source.name
        """The source that listed the model."""

    @property
    def comparison(self) -> Comparison:
        """What files that fit the listing are compared with."""
        listing = next((s for s in self._sources if s.name == self.name), None)
        by_record = not self._borrowed and bool(getattr(listing, "by_record", False))
        return Comparison(known=self._known, by_record=by_record)

    def origin(self, path: str) -> str:
        """Return the source that brought a file, or will."""
        return self._origins.get(path, self.name)

    def choose(self, check: Callable[[Sequence[RemoteFile]], None]) -> tuple[RemoteFile, ...]:
        """Return the files of the first source that lists them, with the sums that are known.

        Raises:
            SetupError: what the first source said, where none has a list that `check` accepts.
        """
        first: SetupError | None = None
        for source in list(self._sources):
            try:
                listed = self._listed(source)
                check(listed)
            except SetupError as error:
                first = first or error
                if error.code not in _ELSEWHERE:
                    raise
                self._give_up(source, error)
            else:
                self.name = source.name
                return self._with_sums(source, listed)
        assert first is not None  # noqa: S101 - there is at least one source
        raise first

    def _with_sums(self, source: Source, listed: tuple[RemoteFile, ...]) -> tuple[RemoteFile, ...]:
        """Take the sums from another source where this one, a stick perhaps, names none at all."""
        if any(file.sha256 for file in listed):
            return listed
        for other in self._sources:
            if other is source:
                continue
            self._ask(other)
            theirs = self._listings[other.name].values()
            sums = {(f.path, f.size): f.sha256 for f in theirs if f.sha256}
            if sums:
                self._borrowed = True
                return tuple(replace(f, sha256=sums.get((f.path, f.size))) for f in listed)
        return listed

    def partial_bytes(self, folder: Path, file: RemoteFile) -> int:
        """Return what an earlier run left of a file."""
        return max(s.partial_bytes(folder, file) for s in self._sources)

    def get(
        self,
        wanted: Sequence[RemoteFile],
        folder: Path,
        on_bytes: Callable[[int], None],
        on_file: Callable[[RemoteFile, str], None],
    ) -> None:
        """Bring files into `folder`, each from the first source that can.

        Raises:
            SetupError: the last failure, where no other source has the file.
        """
        left = list(wanted)
        while left:
            source = self._sources[0]
            mine = [f for f in left if self._may(source, f)]
            if not mine:
                source, mine = self._another(left)
            there = sum(f.size for f in wanted) - sum(f.size for f in mine)
            for file in mine:
                self._origins[file.path] = source.name

            def count(done: int, there: int = there) -> None:
                on_bytes(there + done)

            try:
                source.get(mine, folder, count, on_file)
            except SetupError as error:
                self._failed(source, mine, error)
                left = [f for f in left if size_of(folder / f.path) != f.size]
            else:
                left = [f for f in left if f not in mine]

    def renewed(self, file: RemoteFile) -> RemoteFile:
        """Return a file as its source lists it now: it may have changed there meanwhile."""
        source = next((s for s in self._sources if s.name == self.origin(file.path)), None)
        if source is not None:
            with contextlib.suppress(SetupError):
                found = next((f for f in self._listed(source) if f.path == file.path), file)
                borrowed = file.sha256 if found.size == file.size else None
                known = self._known.get(file.path)
                return replace(found, sha256=known or found.sha256 or borrowed)
        return file

    def distrust(self, file: RemoteFile) -> bool:
        """Take a file from elsewhere from now on; return whether there is an elsewhere."""
        self._refused.add((self.origin(file.path), file.path))
        return any(self._can(s, file) for s in self._sources)

    def _failed(self, source: Source, mine: Sequence[RemoteFile], error: SetupError) -> None:
        """Go on without a source, or without it for one file; raise where nothing is left."""
        if error.code not in _ELSEWHERE:
            raise error
        self._latest = error
        path = error.path if isinstance(error, FileError) else None
        if path and error.code in _OF_ONE_FILE:
            file = next((f for f in mine if f.path == path), None)
            self._refused.add((source.name, path))
            if file is None or not any(self._can(s, file) for s in self._sources):
                raise error
            self._say(source, error, path)
            return
        others = [s for s in self._sources if s is not source]
        if not any(self._can(s, f) for s in others for f in mine):
            raise error
        self._give_up(source, error)

    def _another(self, left: Sequence[RemoteFile]) -> tuple[Source, list[RemoteFile]]:
        for source in self._sources[1:]:
            mine = [f for f in left if self._can(source, f)]
            if mine:
                return source, mine
        path = left[0].path
        raise self._latest or SetupError("weights_damaged", path=path, url=self.origin(path))

    def _give_up(self, source: Source, error: SetupError) -> None:
        if len(self._sources) > 1:
            self._sources.remove(source)
            self._say(source, error, None)

    def _say(self, source: Source, error: SetupError, path: str | None) -> None:
        detail = str(error.message)
        self._job.event(Event("source", {"source": source.name, "detail": detail, "path": path}))
        self._job.note(msg("{detail} Another source is asked.", detail=detail))

    def _say_wait(self, wait: Wait) -> None:
        data = {"source": wait.host, "seconds": round(wait.seconds), "until": wait.until}
        self._job.event(Event("retry", {**data, "detail": str(wait.detail)}))
        self._job.note(wait.message)

    def _listed(self, source: Source) -> tuple[RemoteFile, ...]:
        """Return a source's files with the sums that are known.

        Raises:
            SetupError: `weights_contradicts`, and as `Source.list`.
        """
        found = []
        for file in source.list():
            known = self._known.get(file.path)
            if known and file.sha256 not in (None, known):
                raise SetupError(
                    "weights_contradicts", url=source.name, path=file.path, model=self._job.model
                )
            found.append(replace(file, sha256=file.sha256 or known))
        self._listings[source.name] = {f.path: f for f in found}
        return tuple(found)

    def _may(self, source: Source, file: RemoteFile) -> bool:
        """Whether a source lists a file and was not refused for it."""
        return (source.name, file.path) not in self._refused and (
            source.name in self._listings and self._same(source, file)
        )

    def _can(self, source: Source, file: RemoteFile) -> bool:
        """Whether a source, asked for its list where it was not yet, has the same file."""
        self._ask(source)
        return self._may(source, file)

    def _ask(self, source: Source) -> None:
        """Ask a source for its list, once; one that has none is told."""
        if source.name not in self._listings:
            self._listings[source.name] = {}
            try:
                self._listed(source)
            except SetupError as error:
                if error.code not in _ELSEWHERE:
                    raise
                self._say(source, error, None)

    def _same(self, source: Source, file: RemoteFile) -> bool:
        theirs = self._listings[source.name].get(file.path)
        if theirs is None or theirs.size != file.size:
            return False
        if source.name == self.name:
            return True
        return file.sha256 is not None and theirs.sha256 in (None, file.sha256)
