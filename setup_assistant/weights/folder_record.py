"""The record in a weights folder: what lies there, and as what it was proved.

`DIR/.setup-assistant.json` holds path, size, sha256 and modification time of every file, so that
a rerun needs one stat per file instead of reading gigabytes again.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from setup_assistant import frozen_json
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.weights.listing import OWN_PREFIX, path_fault

NAME = f"{OWN_PREFIX}.json"
SCHEMA = "setup-assistant/weights/1"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One file in the folder. `mtime` is nanoseconds since 1970.

    `checked` is "sha256" where the source named one and the file has it, "git" where it named the
    id of the file's Git blob (its sha1), "size" where it named neither: then `sha256` is
    what arrived. `source` says where the file came from, where that
    is not the source of the whole record.
    """

    path: str
    size: int
    sha256: str
    mtime: int
    checked: Literal["sha256", "git", "size"] = "sha256"
    revision: str | None = None
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The record of one folder. `complete` once everything that was listed is there.

    `revision` is the wished state of the model, "" for the source's usual one.
    """

    model: str
    source: str
    complete: bool = False
    revision: str = ""
    files: tuple[Kept, ...] = ()
    schema: str = SCHEMA

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
    """Write the record, whole or not at all."""
    files.write_json(folder / NAME, frozen_json.to_builtins(manifest))


def untouched(folder: Path, kept: Kept) -> bool:
    """Whether a file is as it was when it was proved, by its size and time."""
    try:
        stat = (folder / kept.path).stat()
    except OSError:
        return False
    return stat.st_size == kept.size and stat.st_mtime_ns == kept.mtime


def intact(folder: Path, model: str) -> bool:
    """Whether `folder` holds all of `model`, by one stat per file."""
    return whole(folder, model) is not None


def whole(folder: Path, model: str) -> Manifest | None:
    """Return the record of a folder that holds all of `model`, by one stat per file."""
    found = load(folder)
    complete = found is not None and found.complete and found.model == model
    if found and complete and all(untouched(folder, k) for k in found.files):
        return found
    return None
