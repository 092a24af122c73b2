"""What a place that weights come from can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.host.transfer.wait import Wait


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
