"""What to bring where, and what is there afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.messages import Message
from setup_assistant.steps.download.events import Event, unheard
from setup_assistant.steps.download.source import Source
from setup_assistant.steps.step import Silent, Teller
from setup_assistant.weights.folder_record import Manifest
from setup_assistant.weights.listing import OWN_PREFIX

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
