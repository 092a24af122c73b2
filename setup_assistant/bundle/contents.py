"""The manifest of a bundle: every file with its size and sum, and the machines it is for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from setup_assistant import values
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.machine.facts import Source

NAME = "manifest.json"
SIGNATURE = "manifest.json.sig"
SCHEMA = "setup-assistant/bundle/1"
_PATH = re.compile(r"[\w.+@=~-]+(?:/[\w.+@=~ -]+)*")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of a file that was cut, at `path` below the bundle; `size` in bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Item:
    """One file. It lies at its path, or in `pieces`, to be put one after the other."""

    path: str
    size: int
    sha256: str
    pieces: tuple[Piece, ...] = ()

    def parts(self) -> tuple[Piece, ...]:
        """Return what lies on the disk."""
        return self.pieces or (Piece(path=self.path, size=self.size, sha256=self.sha256),)


@dataclass(frozen=True, kw_only=True)
class Target:
    """One kind of machine: what it must be, and which files it gets.

    `key` tells the packages (as `targets.plan_key`), `glibc` is that of the oldest machine it
    was made for. `weights` are the model's files; the canary comes with the agent.
    """

    id: str
    key: str
    os: str
    arch: str
    python: str
    glibc: str
    lock: str
    wheels: tuple[str, ...]
    model: str
    weights: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The whole bundle. `sources` are those the plans were made with; machines plan alike."""

    created: str
    tool: str
    wishes: Wishes
    sources: tuple[Source, ...]
    targets: tuple[Target, ...]
    files: tuple[Item, ...]
    part_bytes: int = 0
    schema: str = field(default=SCHEMA)

    def item(self, path: str) -> Item:
        """Return a file by its path.

        Raises:
            SetupError: `bundle_invalid` where the manifest does not list it.
        """
        for item in self.files:
            if item.path == path:
                return item
        raise SetupError("bundle_invalid", path=NAME, detail=path)


def load(folders: Sequence[Path]) -> Manifest:
    """Return the manifest of a bundle, looked for in every folder given.

    Raises:
        SetupError: `bundle_missing`, `bundle_invalid`.
    """
    path = find(folders, NAME)
    if path is None:
        raise SetupError("bundle_missing", path=NAME, folder=str(folders[0]))
    try:
        found = values.load_json(path, Manifest)
    except SetupError as error:
        detail = str(error.args_.get("detail", ""))
        raise SetupError("bundle_invalid", path=str(path), detail=detail) from error
    if found.schema != SCHEMA:
        raise SetupError("bundle_invalid", path=str(path), detail=found.schema)
    for item in found.files:
        for name in (item.path, *(p.path for p in item.pieces)):
            # The manifest is data like any other: its paths may not lead elsewhere.
            if not _PATH.fullmatch(name) or ".." in name.split("/"):
                raise SetupError("bundle_invalid", path=str(path), detail=name)
    return found


def save(folder: Path, manifest: Manifest) -> None:
    """Write the manifest."""
    files.write_json(folder / NAME, values.to_builtins(manifest))


def find(folders: Sequence[Path], path: str) -> Path | None:
    """Return a file of a bundle that lies in one of several folders (sticks)."""
    return next((f / path for f in folders if (f / path).is_file()), None)
