"""The record in a weights folder: what lies there, and as what it was proved.

`DIR/.setup-assistant.json` holds path, size, sha256 and modification time of every file, so that
a rerun needs one stat per file instead of reading gigabytes again. That holds only for a record
which this account wrote for this very folder: a note in the cache says which one that is. Any
other record, one that came with a copied folder perhaps, is a hint about what to look for.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from setup_assistant import frozen_json
from setup_assistant.errors import SetupError
from setup_assistant.host import boot, files, paths
from setup_assistant.host.file_sum import FileSum
from setup_assistant.messages import Message, msg
from setup_assistant.weights.listing import OWN_PREFIX, path_fault
from setup_assistant.weights.zero_blocks import zero_sample

Checked = Literal["sha256", "git", "size", "record"]
NAME = f"{OWN_PREFIX}.json"
SCHEMA = "setup-assistant/weights/1"


@dataclass(frozen=True, kw_only=True)
class Kept(FileSum):
    """One file in the folder. `mtime` is nanoseconds since 1970.

    `checked` is "sha256" where the source or a recipe named one and the file has it, "git" where
    the source named the id of the file's Git blob (its sha1), "size" where it named neither: then
    `sha256` is what arrived; "record" where nobody could be asked, and the file is only what the
    record that lay beside it says. `source` says where the file came from, where that is not the
    source of the whole record.
    """

    sha256: str
    mtime: int
    checked: Checked = "sha256"
    revision: str | None = None
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The record of one folder. `complete` once everything that was listed is there.

    `revision` is the wished state of the model, "" for the source's usual one. `boot` names the
    start of the machine that wrote it; `synced` says that every byte of the files was on the disk
    before the record was.
    """

    model: str
    source: str
    complete: bool = False
    revision: str = ""
    files: tuple[Kept, ...] = ()
    schema: str = SCHEMA
    boot: str = ""
    synced: bool = False

    @property
    def total_bytes(self) -> int:
        """Size of all files."""
        return sum(k.size for k in self.files)


def load(folder: Path) -> Manifest | None:
    """Return the record in `folder`; None where there is none, or none that can be trusted."""
    with contextlib.suppress(SetupError):
        found = frozen_json.load_json(folder / NAME, Manifest)
        # The file is data like any other: its paths may not lead elsewhere either.
        if found.schema == SCHEMA and not any(path_fault(k.path) for k in found.files):
            return found
    return None


def save(folder: Path, manifest: Manifest) -> None:
    """Write the record, whole or not at all, and note that it is this account's own."""
    manifest = replace(manifest, boot=boot.boot_id())
    files.write_json(folder / NAME, frozen_json.to_builtins(manifest))
    remember(folder)


def remember(folder: Path) -> None:
    """Note that the record in `folder`, as it is now, says what this account has seen itself."""
    # Without the note, everything is only read again.
    with contextlib.suppress(OSError, SetupError):
        files.write_json(_note(folder), {**_identity(folder), "boot": boot.boot_id()})


def own(folder: Path) -> Manifest | None:
    """Return the record in `folder` where this account wrote it, and it outlived what came since.

    None means that nothing vouches for the files but reading them.
    """
    found = load(folder)
    with contextlib.suppress(OSError, SetupError, AttributeError):
        note = _note(folder)
        stat = note.stat()
        if hasattr(os, "geteuid") and (stat.st_uid != os.geteuid() or stat.st_mode & 0o022):
            return None
        noted = files.read_json(note)
        written_in = noted.pop("boot", "") if isinstance(noted, dict) else ""
        if found is None or noted != _identity(folder):
            return None
        if written_in != boot.boot_id():
            if not _outlived(folder, found, stat.st_mtime):
                return None
            remember(folder)
        return found
    return None


def _note(folder: Path) -> Path:
    user = os.geteuid() if hasattr(os, "geteuid") else ""
    name = f"{platform.node()} {user} {folder.resolve()}"
    return paths.cache_folder() / "weights" / f"{hashlib.sha256(name.encode()).hexdigest()}.json"


def _identity(folder: Path) -> dict[str, object]:
    return {
        "folder": str(folder.resolve()),
        # A copy, or what was put in its place, is another folder.
        "number": folder.stat().st_ino,
        "record": files.sha256(folder / NAME),
    }


def _outlived(folder: Path, found: Manifest, noted: float) -> bool:
    """Whether what a record names outlived the end of the start that it was noted in."""
    if not found.synced or boot.crashed_since(noted):
        return False
    # Disks have lied about what they had written.
    return not any(zero_sample(folder / k.path) is not None for k in found.files)


def untouched(folder: Path, kept: Kept) -> bool:
    """Whether a file is as it was when it was proved, by its size and time."""
    try:
        stat = (folder / kept.path).stat()
    except OSError:
        return False
    return stat.st_size == kept.size and stat.st_mtime_ns == kept.mtime


def size_of(path: Path) -> int:
    """Return the size of a regular file; -1 where there is none."""
    with contextlib.suppress(OSError):
        return path.stat().st_size if path.is_file() else -1
    return -1


def intact(folder: Path, model: str) -> bool:
    """Whether `folder` holds all of `model`, by one stat per file."""
    return whole(folder, model) is not None


def whole(folder: Path, model: str) -> Manifest | None:
    """Return the record of a folder that holds all of `model`, by one stat per file.

    None also where another account or machine wrote the record: it cannot vouch for itself.
    """
    found = own(folder)
    complete = found is not None and found.complete and found.model == model
    if found and complete and all(untouched(folder, k) for k in found.files):
        return found
    return None


def doubts(record: Manifest, unasked: str = "") -> tuple[Message, ...]:
    """Return what remains unproved of a folder's files.

    Args:
        record: what lies in the folder.
        unasked: why no source could be asked; "" where one was, or was not needed.
    """
    found = []
    by_record = sum(k.checked == "record" for k in record.files)
    by_size = sum(k.checked == "size" for k in record.files)
    if by_record:
        found.append(
            msg(
                "{count} [file is|files are] what the folder's record says; there was nothing else "
                "to compare with.",
                count=by_record,
            )
        )
    elif unasked:
        found.append(msg("No source answered: compared with the sums of the download alone."))
    if unasked:
        found.append(msg("{detail}", detail=unasked))
    if by_size:
        text = msg(
            "The hub names no sha256 for {count} "
            "[file: only its size agrees|files: only sizes agree].",
            count=by_size,
        )
        found.append(text)
    return tuple(found)
