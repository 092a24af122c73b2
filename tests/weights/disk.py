"""A disk of one's own, on a loop device, and what would be on it if the power went now."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """An ext4 file system in a file. `cut` gives back what was written out so far."""

    def __init__(self, folder: Path, megabytes: int = 256) -> None:
        self._image = folder / "disk.img"
        self.root = folder / "disk"
        self._cuts = 0
        with self._image.open("wb") as stream:
            stream.truncate(megabytes << 20)
        # Not lazily: nothing but what a test writes may change the disk.
        _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0",
             str(self._image))  # fmt: skip

    @contextmanager
    def mounted(self, *, seconds: int = 600) -> Iterator[Path]:
        """Mount it; the system writes out by itself every `seconds` only."""
        self.root.mkdir(exist_ok=True)
        _run("mount", "-o", f"loop,commit={min(seconds, 300)}", str(self._image), str(self.root))
        try:
            yield self.root
        finally:
            _run("umount", str(self.root))

    def cut(self) -> Path:
        """Return a copy of the disk as it is now, without what is only in memory."""
        self._cuts += 1
        copy = self._image.with_name(f"cut-{self._cuts}.img")
        shutil.copyfile(self._image, copy)
        return copy

    def replace(self, copy: Path) -> None:
        """Go on with a copy, as after a power cut: its journal is replayed at the next mount."""
        copy.replace(self._image)


def disk_or_skip(folder: Path) -> Disk:
    """Return a disk, or skip the test where the system lets nobody here mount one."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    if not all(shutil.which(p) for p in ("mkfs.ext4", "mount", "umount", "losetup")):
        pytest.skip("mkfs.ext4 or mount is not here")
    disk = Disk(folder)
    try:
        with disk.mounted():
            pass
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no loop device may be mounted here: {error.stderr.strip()}")
    return disk


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
