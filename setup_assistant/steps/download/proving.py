"""What of a folder is proved, and compared with what: a source, a recipe, or only its record.

Also what is left over there: unfinished files of other clients (`*.incomplete`, ModelScope's
`._____temp`) and of earlier runs. Nothing of it is removed: it is somebody's.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from setup_assistant.host.transfer.remote_file import PART_SUFFIX, RemoteFile
from setup_assistant.messages import Message, msg
from setup_assistant.steps.download.job import Event, Job
from setup_assistant.units_text import size_text
from setup_assistant.weights import folder_record
from setup_assistant.weights.folder_record import Checked, Kept, Manifest, size_of
from setup_assistant.weights.hashing import hashed
from setup_assistant.weights.zero_blocks import zero_block


def proved_before(
    job: Job, old: Manifest | None, known: Mapping[str, str], *, own: bool
) -> dict[str, Kept]:
    """Return what the record says and still holds: by stat, or by reading where that differs.

    Args:
        job: what to bring where.
        old: the record that lies in the folder.
        known: the sums that nothing may contradict.
        own: whether this account wrote the record. In a stranger's everything is read, and
            nothing counts as compared with a source.
    """
    if not old:
        return {}
    by_stat = own and not job.verify
    same = [k for k in old.files if by_stat and folder_record.untouched(job.folder, k)]
    proved = {k.path: k for k in same}
    unsure = [k for k in old.files if k.path not in proved]
    unsure = [k for k in unsure if size_of(job.folder / k.path) == k.size]
    total, done = sum(k.size for k in old.files), sum(k.size for k in same)
    for kept, found in zip(unsure, hashed(job.folder, unsure), strict=True):
        done += kept.size
        say_verifying(job, done, total, kept.path)
        if found and found.sha256 == kept.sha256:
            proved[kept.path] = replace(kept, mtime=found.mtime) if own else found
    return {
        path: kept if own else _by_record(kept, known)
        for path, kept in proved.items()
        if known.get(path) in (None, kept.sha256)
    }


def _by_record(kept: Kept, known: Mapping[str, str]) -> Kept:
    return replace(kept, checked="sha256" if kept.path in known else "record")


def say_verifying(job: Job, done: int, total: int, path: str) -> None:
    """Say how far the reading is."""
    job.tell.progress(done, total, msg("Checking the files of {model}", model=job.model))
    job.event(Event("verifying", {"done_bytes": done, "total_bytes": total, "path": path}))


def record(
    job: Job,
    proved: Iterable[Kept],
    *,
    complete: bool,
    source: str | None = None,
    synced: bool = False,
) -> Manifest:
    """Write down what is proved."""
    found = Manifest(
        model=job.model,
        source=source or job.source.name,
        complete=complete,
        files=tuple(sorted(proved, key=lambda k: k.path)),
        revision=job.revision,
        synced=synced,
    )
    folder_record.save(job.folder, found)
    return found


def other_state(file: RemoteFile, kept: Kept) -> bool:
    """Whether a recorded file is another state of it than the listed one, by names alone."""
    if file.sha256:
        return False
    if file.git_blob:
        # Proved by size only, or as another blob: read it.
        return kept.checked != "git" or kept.revision != file.revision
    return kept.revision != file.revision


def arrival(file: RemoteFile, kept: Kept, *, links: int) -> Message:
    """Return the line for a file that has arrived."""
    size = size_text(file.size)
    if links > 1:
        return msg(
            "{path} is here, {size}: a hard link, one file with the one it was taken from",
            path=file.path,
            size=size,
        )
    if kept.source:
        return msg("{path} is here, {size}, from {url}", path=file.path, size=size, url=kept.source)
    return msg("{path} is here, {size}", path=file.path, size=size)


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


# Hugging Face's and ModelScope's clients, browsers, aria2, curl-like scripts, this tool.
_SUFFIXES = (
    ".incomplete", PART_SUFFIX, ".part", ".partial", ".crdownload", ".aria2", ".download", ".tmp",
)  # fmt: skip
# Where ModelScope's client keeps a file until it is whole.
_TEMPORARY = "._____temp"
_MOST = 1000


def leftovers(folder: Path, listed: Collection[str]) -> list[tuple[str, int]]:
    """Return unfinished files below `folder` by relative path, and their sizes in bytes.

    Args:
        folder: a folder of weights.
        listed: the files of the model; what belongs to one of them under the same name stays out.
    """
    found: list[tuple[str, int]] = []
    for root, _folders, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            relative = path.relative_to(folder).as_posix()
            if relative in listed or not _unfinished(relative):
                continue
            with contextlib.suppress(OSError):
                found.append((relative, path.lstat().st_size))
            if len(found) >= _MOST:
                return found
    return sorted(found)


def _unfinished(path: str) -> bool:
    return path.lower().endswith(_SUFFIXES) or _TEMPORARY in path.split("/")
