"""A disk of one's own, on a loop device, and what would be on it if the power went now."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

# How each file system is made, and mounted so that the system rarely writes out by itself.
_KINDS = {
    # Not lazily: nothing but what a test writes may change the disk.
    "ext4": (["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0"], "loop,commit=300"),
    "xfs": (["-q", "-m", "reflink=1"], "loop"),
}


class Disk:
    """A file system in a file. `cut` gives back what was written out so far."""

    def __init__(self, folder: Path, kind: str = "ext4") -> None:
        self._image = folder / "disk.img"
        self.root = folder / "disk"
        self._cuts = 0
        options, self._mount = _KINDS[kind]
        with self._image.open("wb") as stream:
            # XFS takes no less than 300 MB.
            stream.truncate(320 << 20)
        _run(f"mkfs.{kind}", *options, str(self._image))

    @contextmanager
    def mounted(self) -> Iterator[Path]:
        """Mount it while the block runs."""
        self.root.mkdir(exist_ok=True)
        _run("mount", "-o", self._mount, str(self._image), str(self.root))
        try:
            yield self.root
        finally:
            _run("umount", str(self.root))

    def cut(self) -> Path:
        """Return a copy of the disk as it is now, without what is only in memory."""
        self._cuts += 1
        copy = self._image.with_name(f"cut-{self._cuts}.img")
        for _try in range(5):
            written = self._image.stat().st_mtime_ns
            shutil.copyfile(self._image, copy)
            # A copy that took its beginning before and its end after a write is of no moment.
            if self._image.stat().st_mtime_ns == written:
                break
        return copy

    def replace(self, copy: Path) -> None:
        """Go on with a copy, as after a power cut: its journal is replayed at the next mount."""
        copy.replace(self._image)


def disk_or_skip(folder: Path, kind: str = "ext4") -> Disk:
    """Return a disk, or skip the test where the system lets nobody here mount one."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    if missing := [p for p in (f"mkfs.{kind}", "mount", "umount") if not shutil.which(p)]:
        pytest.skip(f"{missing[0]} is not here")
    disk = Disk(folder, kind)
    try:
        with disk.mounted():
            pass
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no loop device may be mounted here: {error.stderr.strip()}")
    return disk


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
