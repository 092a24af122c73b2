"""Proofs that something is this tool's own to remove; each looks at what is held open."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from glob import escape
from pathlib import Path
from typing import Any, Protocol

_LARGEST_MARKER = 64 << 10


@dataclass(frozen=True)
class Identity:
    """Which file or folder something is, whatever it is called: device and inode.

    A new file often gets the inode of one that has just gone, so of a file also its size and when
    it was last written, in nanoseconds since 1970. Of a folder both are 0.
    """

    device: int
    inode: int
    size: int = 0
    written: int = 0

    @staticmethod
    def of(path: Path) -> Identity | None:
        """Return what lies at `path`, a link itself included; None where nothing does."""
        try:
            return Identity.by(os.lstat(path))
        except (OSError, ValueError):  # ValueError: a name that no file can have
            return None

    @staticmethod
    def by(found: os.stat_result) -> Identity:
        """Return what a stat is of."""
        if stat.S_ISDIR(found.st_mode):
            return Identity(found.st_dev, found.st_ino)
        return Identity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class Entry:
    """What is to be removed: `name` in the open folder `parent`, and what lies there.

    `parent` is None where the system has no such handles; `name` is then the whole path.
    """

    parent: int | None
    name: str
    stat: os.stat_result

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, not a link to one."""
        return stat.S_ISDIR(self.stat.st_mode)

    @property
    def identity(self) -> Identity:
        """Which one it is."""
        return Identity.by(self.stat)

    def has(self, file: str) -> bool:
        """Whether this folder has a file; `file` may lie in a folder of it."""
        try:
            found = os.stat(os.path.join(self.name, file), dir_fd=self.parent)  # noqa: PTH118
        except OSError:
            return False
        return stat.S_ISREG(found.st_mode)

    def read(self, file: str) -> bytes:
        """Return the start of a regular file that lies in this folder; empty without one."""
        path = os.path.join(self.name, file)  # noqa: PTH118 - relative to a handle
        # A pipe or a device by that name must not hold anything up.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with contextlib.suppress(OSError):
            handle = os.open(path, flags, dir_fd=self.parent)
            with open(handle, "rb") as stream:  # noqa: PTH123 - a handle
                if stat.S_ISREG(os.fstat(handle).st_mode):
                    return stream.read(_LARGEST_MARKER)
        return b""


class Proof(Protocol):
    """Says whether an entry is ours to remove."""

    def holds(self, entry: Entry) -> bool:
        """Whether it is."""


@dataclass(frozen=True)
class Named:
    """It bears a name that only this tool gives in that folder; a folder only if said so."""

    patterns: tuple[str, ...]
    folders: bool = False

    def holds(self, entry: Entry) -> bool:
        """Whether it is."""
        name = os.path.basename(entry.name)  # noqa: PTH119 - a name
        if entry.is_folder and not self.folders:
            return False
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)


@dataclass(frozen=True)
class Same:
    """It is the very one that was made, shown or confirmed."""

    identity: Identity | None

    def holds(self, entry: Entry) -> bool:
        """Whether it is."""
        return entry.identity == self.identity


@dataclass(frozen=True)
class Marked:
    """It is a folder with a JSON object of ours in it that says the right thing."""

    file: str
    agrees: Callable[[Mapping[str, Any]], bool]

    def holds(self, entry: Entry) -> bool:
        """Whether it is."""
        if not entry.is_folder:
            return False
        try:
            value = json.loads(entry.read(self.file))
        except (ValueError, RecursionError):
            return False
        return isinstance(value, dict) and self.agrees(value)


@dataclass(frozen=True)
class Holds:
    """It is a folder with one of these files in it."""

    files: tuple[str, ...]

    def holds(self, entry: Entry) -> bool:
        """Whether it is."""
        return entry.is_folder and any(entry.has(file) for file in self.files)


@dataclass(frozen=True)
class Both:
    """Every one of several proofs."""

    proofs: tuple[Proof, ...]

    def holds(self, entry: Entry) -> bool:
        """Whether all hold."""
        return all(proof.holds(entry) for proof in self.proofs)


def named(*patterns: str) -> Named:
    """Return the proof of a file's name."""
    return Named(patterns)


def called(path: Path, *, folders: bool = False) -> Named:
    """Return the proof of the last part of a path: nobody else uses that name there."""
    return Named((escape(path.name),), folders)


def seen(path: Path) -> Same:
    """Return the proof that what is removed is what lies at `path` now."""
    return Same(Identity.of(path))
