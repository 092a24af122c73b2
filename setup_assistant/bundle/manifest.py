"""The manifest of a bundle: every file with its size and sum, and the machines it is for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from setup_assistant import frozen_json
from setup_assistant.choose.plan import Platform
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.file_sum import FileSum, is_sha256
from setup_assistant.machine.facts import Source
from setup_assistant.messages import _
from setup_assistant.relative_name import clash
from setup_assistant.weights.listing import MOST_FILES, path_fault

NAME = "manifest.json"
SIGNATURE = "manifest.json.sig"
# As `sha256sum -c` reads it: a bundle can be checked without this tool.
SUMS = "SHA256SUMS"
# Covers every file for those who have ssh-keygen and sha256sum alone.
SUMS_SIGNATURE = "SHA256SUMS.sig"
# What is said about the files, and not in the manifest itself.
ABOUT = (NAME, SIGNATURE, SUMS, SUMS_SIGNATURE)
SCHEMA = "setup-assistant/bundle/1"
# A hundred times that of a room with ten kinds of machine.
LARGEST_MANIFEST = 64 << 20
# What is made in a bundle's folder, and removed there when no machine needs it any longer.
FOLDERS = ("agent", "conda", "locks", "python", "tools", "weights", "wheels")
# No file is larger than this many bytes (4 PB).
_LARGEST = 1 << 52
_TARGET = re.compile(r"[0-9a-f]{8}")


@dataclass(frozen=True, kw_only=True)
class Piece(FileSum):
    """A part of a file that was cut, at `path` below the bundle."""

    sha256: str


@dataclass(frozen=True, kw_only=True)
class Item(Piece):
    """One file. It lies at its path, or in `pieces`, to be put one after the other."""

    pieces: tuple[Piece, ...] = ()

    def parts(self) -> tuple[Piece, ...]:
        """Return what lies on the disk."""
        return self.pieces or (self,)


@dataclass(frozen=True, kw_only=True)
class Target:
    """One kind of machine: what it must be, and which files it gets.

    `key` tells the packages (as `targets.plan_key`); `platform` has the C library of the oldest
    machine it was made for. `weights` are the model's files; the canary comes with the agent.
    `conda` are the packages of a conda environment and `channel` the index that lists them;
    `tools` is what makes one without conda. `driver` is the least one that torch's build starts on;
    nothing where it runs on the CPU. `planned`: made from a plan alone, so that any
    machine may take it that can run it.
    """

    id: str
    key: str
    platform: Platform
    python: str
    backend: str
    lock: str
    wheels: tuple[str, ...]
    model: str
    weights: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    channel: str = ""
    tools: tuple[str, ...] = ()
    planned: bool = False
    driver: str = ""

    def packages(self) -> tuple[str, ...]:
        """Return the paths of all that an environment is made from."""
        return (*self.wheels, *self.conda, *((self.channel,) if self.channel else ()), *self.tools)


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

    @cached_property
    def _by_path(self) -> dict[str, Item]:
        return {item.path: item for item in self.files}

    def item(self, path: str) -> Item:
        """Return a file by its path.

        Raises:
            SetupError: `bundle_invalid` where the manifest does not list it.
        """
        try:
            return self._by_path[path]
        except KeyError:
            raise SetupError("bundle_invalid", path=NAME, detail=path) from None

    def parts(self) -> list[Piece]:
        """Return all that lies on the disk."""
        return [part for item in self.files for part in item.parts()]


def load(folders: Sequence[Path], *, signed: bool = False) -> Manifest:
    """Return the manifest of a bundle, looked for in every folder given.

    Nothing of it is believed: its paths may not lead elsewhere, its sizes must make sense, and
    what its targets name must be listed.

    Args:
        folders: where the bundle lies.
        signed: whether the manifest was already proved by its signature.

    Raises:
        SetupError: `bundle_missing`, `bundle_invalid`, `bundle_damaged` where it is not the one
            that the sums beside it tell of.
    """
    path = find(folders, NAME)
    if path is None:
        raise SetupError("bundle_missing", path=NAME, folder=str(folders[0]))
    if path.stat().st_size > LARGEST_MANIFEST:
        raise SetupError("bundle_invalid", path=str(path), detail=_("it is too large"))
    try:
        found = frozen_json.load_json(path, Manifest)
    except SetupError as error:
        detail = str(error.args_.get("detail", ""))
        raise SetupError("bundle_invalid", path=str(path), detail=detail) from error
    except RecursionError:
        raise SetupError("bundle_invalid", path=str(path), detail=_("it has no end")) from None
    if fault := next(_faults(found), None):
        raise SetupError("bundle_invalid", path=str(path), detail=fault)
    _check_sums(folders, path, found, signed=signed)
    return found


def _faults(manifest: Manifest) -> Iterator[str]:
    """Yield what is wrong with a manifest."""
    if manifest.schema != SCHEMA:
        yield manifest.schema
    if sum(len(i.pieces) + 1 for i in manifest.files) > MOST_FILES:
        yield _("more than {count} files", count=MOST_FILES)
        return
    for item in manifest.files:
        yield from (f for piece in (item, *item.pieces) for f in _piece_faults(piece))
        if item.pieces and sum(p.size for p in item.pieces) != item.size:
            yield f"{item.path!a}: {item.size}"
    lies = [part.path for part in manifest.parts()]
    named = [item.path for item in manifest.files if item.pieces]
    yield from filter(None, (clash(lies), clash(named)))
    known = {item.path for item in manifest.files}
    for target in manifest.targets:
        # A folder in the cache is called by it.
        if not _TARGET.fullmatch(target.id):
            yield f"{target.id[:80]!a}: " + _("not the id of a target")
        for path in (target.lock, *target.packages(), *target.weights):
            if path not in known:
                yield f"{path!a}: " + _("it is named and not listed")


def _piece_faults(piece: Piece) -> Iterator[str]:
    fault = path_fault(piece.path)
    if fault or piece.path in ABOUT:
        yield f"{piece.path!a}: {fault or _('a reserved name')}"
    if not 0 <= piece.size <= _LARGEST or not is_sha256(piece.sha256):
        yield f"{piece.path!a}: {piece.size} {piece.sha256[:80]!a}"


def save(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, and the sums of all there is."""
    files.write_json(folder / NAME, frozen_json.to_builtins(manifest))
    files.write_text(folder / SUMS, _sums(files.sha256(folder / NAME), manifest))


def _sums(own: str, manifest: Manifest) -> str:
    lines = [f"{own}  {NAME}\n", *(f"{p.sha256}  {p.path}\n" for p in manifest.parts())]
    return "".join(lines)


def _check_sums(folders: Sequence[Path], path: Path, manifest: Manifest, *, signed: bool) -> None:
    """Refuse a manifest, or sums, of which a byte has changed."""
    beside = find(folders, SUMS)
    if beside is None:
        raise SetupError("bundle_missing", path=SUMS, folder=str(folders[0]))
    if beside.stat().st_size > LARGEST_MANIFEST:
        raise SetupError("bundle_damaged", path=str(beside))
    text, right = beside.read_bytes(), _sums(files.sha256(path), manifest).encode()
    if text == right:
        return
    told = text.split(b"\n", 1)[0] == right.split(b"\n", 1)[0]
    changed = beside if told or signed else path
    raise SetupError("bundle_damaged", path=str(changed))


def find(folders: Sequence[Path], path: str) -> Path | None:
    """Return a file of a bundle that lies in one of several folders (sticks)."""
    return next((f / path for f in folders if (f / path).is_file()), None)
