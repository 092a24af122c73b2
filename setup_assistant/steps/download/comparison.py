"""What a file was compared with: a source, a recipe, or only the record that came with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from setup_assistant.host.file_sum import RemoteFile
from setup_assistant.weights.folder_record import Checked, Kept
from setup_assistant.weights.zero_blocks import zero_block


@dataclass(frozen=True)
class Comparison:
    """The sums that recipes know, and whether the listing's are those of a folder's record."""

    known: Mapping[str, str]
    by_record: bool

    def of(self, file: RemoteFile) -> Checked:
        """Return what a file that fits its listing was compared with."""
        if not file.sha256:
            return "size"
        return "record" if self.by_record and file.path not in self.known else "sha256"

    def renewed(self, file: RemoteFile, kept: Kept) -> Kept:
        """Return what an earlier run proved, as it stands now that a source was asked."""
        now = self.of(file)
        return kept if kept.checked == "sha256" and now != "sha256" else replace(kept, checked=now)


def is_hollow(file: RemoteFile, path: Path, *, whole: bool) -> bool:
    """Whether a power cut may have left zeros in a file that nothing else can prove.

    `whole`: every byte came in this run.
    """
    return file.sha256 is None and not whole and zero_block(path) is not None
