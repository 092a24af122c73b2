"""One line of what `uninstall` shows, with what it was when it was shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from setup_assistant.errors import SetupError
from setup_assistant.host import files, removal
from setup_assistant.host.removal_proofs import Identity, Proof
from setup_assistant.steps.ownership import Owner

Fate = Literal["remove", "changed", "shared", "kept"]
Kind = Literal["file", "folder", "cache", "line"]


@dataclass(frozen=True)
class Item:
    """One thing that goes, or stays: changed by the person, shared with others, not ours.

    `reason` says why it stays, or for a line in somebody else's file which one it is. `proof` is
    the one that was found when it was shown; `under` is the folder that it is removed in.
    """

    path: Path
    kind: Kind
    size_bytes: int
    fate: Fate
    reason: str = ""
    under: Path | None = field(default=None, compare=False)
    proof: Proof | None = field(default=None, compare=False, repr=False)


def going(path: Path, kind: Kind, under: Path, proof: Proof) -> Item:
    """Return what goes, measured; what cannot be reached stays."""
    try:
        if stop := removal.obstacle(path, under):
            return Item(path, kind, 0, "kept", reason=stop)
    except OSError as error:
        return Item(path, kind, 0, "kept", reason=error.strerror or str(error))
    return Item(path, kind, _size(path), "remove", under=under, proof=proof)


def judged(owner: Owner, path: Path) -> Item | None:
    """Return a path as its site's owner judges it; None where nothing lies there."""
    if Identity.of(path) is None:
        return None
    kind: Kind = "folder" if path.is_dir() and not path.is_symlink() else "file"
    try:
        proof = owner.proof(path)
    except SetupError as error:
        return Item(path, kind, 0, "kept", reason=str(error.args_.get("detail", "")))
    return going(path, kind, owner.under(path), proof)


def _size(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        return files.folder_bytes(path)
    return path.lstat().st_size
