"""What a file was compared with: a source, a recipe, or only the record that came with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.weights.folder_record import Checked, Kept
from setup_assistant.weights.zero_blocks import zero_block


@dataclass(frozen=True)
class Comparison:
    """The sums that recipes know, and whether the listing's are those of a folder's record."""

    known: Mapping[str, str]
    by_record: bool

    def of(self, file: RemoteFile, by: Checked) -> Checked:
        """Return what a file was compared with that fits its listing by its sum, or what there is.

        The sums of a folder's own record are no more than that record.
        """
        hearsay = by == "sha256" and self.by_record and file.path not in self.known
        return "record" if hearsay else by

    def renewed(self, file: RemoteFile, kept: Kept) -> Kept:
        """Return what an earlier run proved, as it stands now that a source was asked."""
        if file.sha256 and kept.checked != "sha256":
            return replace(kept, checked=self.of(file, "sha256"))
        return replace(kept, checked="size") if kept.checked == "record" else kept


def is_hollow(file: RemoteFile, path: Path, *, whole: bool) -> bool:
    """Whether a power cut may have left zeros in a file that nothing else can prove.

    `whole`: every byte came in this run.
    """
    summed = file.sha256 or file.git_blob
    return not summed and not whole and zero_block(path) is not None
