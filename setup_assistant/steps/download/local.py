"""Folders on this machine: a disk, a share, another site as a source, and files that lie in caches.

Large files are cloned or hard-linked where that is possible, so that they take no room twice;
small ones are copied, so that nobody who edits one changes another place. From the hubs' own
caches a file is taken only where name, size and sha256 are those that were listed.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import files, removal, sites
from setup_assistant.host.removal_proofs import called
from setup_assistant.host.transfer.fetch import copy
from setup_assistant.host.transfer.remote_file import PART_SUFFIX, RemoteFile
from setup_assistant.host.transfer.wait import Wait
from setup_assistant.weights import folder_record
from setup_assistant.weights.listing import checked, path_fault
from setup_assistant.weights.model_folder import CONFIG

# What a person may edit is smaller than this, and copied.
_LARGE_BYTES = 16_000_000
# ioctl_ficlone(2).
_FICLONE = 0x40049409


@dataclass(frozen=True)
class FolderSource:
    """One model in one folder; its record, where there is one, names the sums."""

    root: Path
    model: str
    flag: str

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.root)

    @property
    def by_record(self) -> bool:
        """Whether its sums are only what a record says that came with the files."""
        return folder_record.own(self.root) is None

    def hear(self, on_wait: Callable[[Wait], None]) -> None:
        """A folder never asks for that."""

    def list(self) -> tuple[RemoteFile, ...]:
        """Return the files below the folder; hidden ones and links out of it are left out."""
        record = folder_record.load(self.root)
        known = {(k.path, k.size): k.sha256 for k in record.files} if record else {}
        entries = []
        for path, file in self._files():
            # Also where the time is another: a stick loses it, and what was damaged has a new one.
            size = file.stat().st_size
            entries.append({"Path": path, "Size": size, "Sha256": known.get((path, size))})
        return checked(entries, self.model)

    def _files(self) -> Iterator[tuple[str, Path]]:
        inside = self.root.resolve()
        for file in sorted(self.root.rglob("*")):
            path = file.relative_to(self.root).as_posix()
            hidden = any(p.startswith(".") for p in path.split("/"))
            if hidden or path_fault(path) or not file.is_file():
                continue
            # Hugging Face's cache is a folder of links; the person named the folder.
            if file.is_symlink() or file.resolve().is_relative_to(inside):
                yield path, file

    def partial_bytes(self, folder: Path, file: RemoteFile) -> int:  # noqa: ARG002
        """Nothing is left half done."""
        return 0

    def get(
        self,
        wanted: Sequence[RemoteFile],
        folder: Path,
        on_bytes: Callable[[int], None],
        on_file: Callable[[RemoteFile, str], None],
    ) -> None:
        """Clone, link or copy files; see `Source.get`."""
        done = 0
        for file in wanted:
            digest = bring_file(self.root / file.path, folder / file.path, self.flag)
            done += file.size
            on_bytes(done)
            if digest:
                on_file(file, digest)


def folder_of(root: Path, model: str) -> Path:
    """Return the folder that holds `model`: `root` itself, or where tools keep it below.

    Known are OWNER/NAME as mirrors have it, the caches of ModelScope and Hugging Face, and a
    site's `models`.
    """
    owner, _slash, name = model.partition("/")
    found = [root]
    for below in (root, root / "models", root / "hub", root / "hub" / "models"):
        found += [below / owner / name, below / owner / name.replace(".", "___"), below / name]
        for cached in (f"models--{owner}--{name}", f"{owner}--{name}"):
            found += _newest(below / cached / "snapshots")
    found += _newest(root / "snapshots")
    return next((f for f in found if (f / CONFIG).is_file()), root)


def _newest(folder: Path) -> list[Path]:
    return sorted(folder.glob("*"), key=lambda p: p.stat().st_mtime, reverse=True)


def bring_file(source: Path, target: Path, flag: str) -> str | None:
    """Bring one file without changing the other; return its sha256 where it was copied.

    A large file is cloned, else hard-linked, so that it takes no room twice; nothing here writes
    into a file that is there, so that the other name keeps its bytes. Small files, which people
    edit, are copied.

    Raises:
        SetupError: `disk_filled`, `not_writable`, or `file_invalid` for the source.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    out_of_the_way(target)
    source = source.resolve()
    large = source.stat().st_size >= _LARGE_BYTES
    if large and (_cloned(source, target) or _linked(source, target)):
        return None
    return _copied(source, target, flag)


def _cloned(source: Path, target: Path) -> bool:
    """Let the file system share the blocks of two files; whether it can (Btrfs, XFS and others)."""
    if sys.platform != "linux":
        return False
    import fcntl

    part = target.with_name(target.name + PART_SUFFIX)
    try:
        with source.open("rb") as reader, files.open_anew(part) as writer:
            fcntl.ioctl(writer, _FICLONE, reader.fileno())
        part.replace(target)
    except OSError:
        out_of_the_way(part)
        return False
    return True


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


def out_of_the_way(target: Path) -> None:
    """Remove a file, or a link, in whose place another comes.

    Raises:
        SetupError: `removal_refused` where a folder is there, `not_removed`.
    """
    target = target.absolute()
    removal.remove(target, under=target.parent, proof=called(target))


def _copied(source: Path, target: Path, flag: str) -> str:
    try:
        return copy(source, target)
    except OSError as error:
        raise files.refusal(error, target, flag=flag, named=False) from error


def take(
    model: str, wanted: Sequence[RemoteFile], folder: Path, flag: str
) -> Iterator[tuple[RemoteFile, Path]]:
    """Bring what lies elsewhere on this machine into `folder`; yield each file and its origin."""
    homes = [h for h in _homes(model) if h.resolve() != folder.resolve()]
    for file in wanted:
        if (folder / file.path).exists():
            continue
        origin = _find(file, homes)
        if origin is not None:
            with contextlib.suppress(SetupError, OSError):
                bring_file(origin, folder / file.path, flag)
                yield file, origin


def _find(file: RemoteFile, homes: Sequence[Path]) -> Path | None:
    if file.sha256 is None or not file.size:
        return None
    for home in homes:
        candidate = home / file.path
        with contextlib.suppress(OSError):
            if candidate.stat().st_size == file.size and _sum(home, file.path) == file.sha256:
                return candidate
    return None


def _sum(home: Path, path: str) -> str:
    """Return a file's sha256: as its record or Hugging Face's blob name says, else by reading."""
    record = folder_record.own(home)
    for kept in record.files if record else ():
        if kept.path == path and folder_record.untouched(home, kept):
            return kept.sha256
    # The caller compares the bytes again once they are in the folder.
    blob = (home / path).resolve().name
    if (home / path).is_symlink() and len(blob) == 64:
        return blob
    return files.sha256(home / path)


def _homes(model: str) -> Iterator[Path]:
    """Yield the folders that may hold files of `model`."""
    owner, _slash, name = model.partition("/")
    home = Path.home()
    hub = Path(os.environ.get("MODELSCOPE_CACHE") or home / ".cache" / "modelscope")
    for root in (hub, hub / "hub"):
        for below in (root / "models" / owner, root / owner):
            yield from (f for f in (below / name, below / name.replace(".", "___")) if f.is_dir())
        # Where modelscope-hub keeps them, the client since 1.40.
        yield from sorted(Path(root, "models", f"{owner}--{name}", "snapshots").glob("*"))
    cache = os.environ.get("HF_HUB_CACHE") or Path(
        os.environ.get("HF_HOME") or home / ".cache" / "huggingface", "hub"
    )
    yield from sorted(Path(cache, f"models--{owner}--{name}", "snapshots").glob("*"))
    for site in sites.all():
        yield from sorted(p for p in (site / "models").glob("*") if p.name == name)
