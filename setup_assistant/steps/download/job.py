"""A download: what happens in it, where it comes from, what to bring where, what is there then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.host.transfer.wait import Wait
from setup_assistant.messages import Message
from setup_assistant.steps.step import Silent, Teller
from setup_assistant.weights.folder_record import Manifest
from setup_assistant.weights.listing import OWN_PREFIX

# listed      source, files, total_bytes
# start       missing_bytes, free_bytes, expected_seconds (None: nothing is known of this source)
# progress    done_bytes, total_bytes, bytes_per_second, remaining_seconds (None: not known yet),
#             files: path, done_bytes and size_bytes of those that are under way
# verifying   done_bytes, total_bytes, path
# file        path, size_bytes, how ("fetched", "reused" or "kept"), checked ("sha256" or "size"),
#             source
# damaged     path, source
# source      source that is given up, detail, path (None: all of it)
# waiting     folder
# leftover    path, size_bytes of an unfinished file that another client or an earlier run left
# retry       source (host), seconds and until (clock time) that it asks to be left alone, detail
Kind = Literal[
    "listed",
    "start",
    "progress",
    "verifying",
    "file",
    "damaged",
    "source",
    "waiting",
    "retry",
    "leftover",
]


@dataclass(frozen=True)
class Event:
    """One thing that happened. Sizes are bytes, times seconds; `data` can be written as JSON."""

    kind: Kind
    data: dict[str, Any] = field(default_factory=dict)


def unheard(_event: Event) -> None:
    """Follow nothing."""


class Source(Protocol):
    """One source of one model."""

    @property
    def name(self) -> str:
        """Its address, for the record and for messages."""

    def hear(self, on_wait: Callable[[Wait], None]) -> None:
        """Tell from now on where a server asks to be left alone for a while."""

    def list(self) -> tuple[RemoteFile, ...]:
        """Return the model's files, checked.

        Raises:
            SetupError: `weights_unreachable`, `weights_unknown`, `weights_denied`,
                `weights_listing`.
        """

    def partial_bytes(self, folder: Path, file: RemoteFile) -> int:
        """Return how much of a file an earlier run left in `folder`, to be gone on with."""

    def get(
        self,
        wanted: Sequence[RemoteFile],
        folder: Path,
        on_bytes: Callable[[int], None],
        on_file: Callable[[RemoteFile, str], None],
    ) -> None:
        """Bring files into `folder`, going on where an earlier run stopped.

        Args:
            wanted: files whose paths were checked; their sums are the caller's work.
            folder: exists.
            on_bytes: called with the bytes of `wanted` that are there so far.
            on_file: called with each file that has arrived and its sha256, where the source
                reckons it on the way; other files are read again afterwards.

        Raises:
            SetupError: `weights_interrupted` where a rerun goes on; `disk_filled`, or what the
                source says.
        """


LOCK = f"{OWN_PREFIX}.lock"


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to bring where.

    `others` are sources that deliver what `source` does not; `known` returns the sha256 of
    paths that no source may contradict. `before` is told every path that will be written, before
    any is; `verify` reads again what an earlier run proved; `flag` is the option that chooses
    the folder; `revision` is the wished state of the model, "" for the source's usual one.
    `note` is told each file that arrived, `event` everything that happens; `wait`
    waits for another run in the same folder instead of refusing.
    """

    model: str
    source: Source
    folder: Path
    flag: str
    others: tuple[Source, ...] = ()
    known: Callable[[], Mapping[str, str]] = dict
    verify: bool = False
    revision: str = ""
    tell: Teller = field(default_factory=Silent)
    before: Callable[[Path, Sequence[str]], None] = lambda _folder, _paths: None
    note: Callable[[Message], None] = lambda _text: None
    event: Callable[[Event], None] = unheard
    wait: bool = False


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """What would be fetched: from where, which files, and how much of them is not there yet.

    `expected_seconds` is None where that source was never measured.
    """

    source: str
    files: tuple[RemoteFile, ...]
    missing_bytes: int
    free_bytes: int
    expected_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What is in the folder now. `received_bytes` is what this run added to it.

    `unasked` says why no source was compared with; "" where one was, or was not needed.
    """

    record: Manifest
    received_bytes: int = 0
    unasked: str = ""

    @property
    def total_bytes(self) -> int:
        """Size of all files."""
        return self.record.total_bytes
