"""What is written is on the disk before anything says that it is: fsync of files and folders."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
from pathlib import Path

# What file systems say that cannot write one file or folder out: there is nothing to wait for.
_CANNOT = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM)


def sync_file(path: Path) -> None:
    """Wait until the bytes of a file are on the disk; raises OSError where they cannot be."""
    # Windows flushes only what was opened for writing.
    _sync(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    if os.name != "nt":
        _sync(path, os.O_RDONLY)


def make_folder(path: Path) -> None:
    """Make a folder and its parents, and wait until their names are on the disk."""
    made = []
    folder = path.absolute()
    while not folder.exists() and folder != folder.parent:
        made.append(folder)
        folder = folder.parent
    path.mkdir(parents=True, exist_ok=True)
    for folder in reversed(made):
        sync_folder(folder.parent)


def rename(path: Path, target: Path) -> None:
    """Rename, and wait until the new name is on the disk."""
    path.rename(target)
    for folder in {target.parent, path.parent}:
        sync_folder(folder)


def sync_disk(path: Path) -> None:
    """Wait until everything that was written to the file system of `path` is on the disk."""
    if os.name == "nt":
        return
    with contextlib.suppress(OSError, AttributeError):
        handle = os.open(path, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(handle) == 0:
                return
        finally:
            os.close(handle)
    os.sync()


def _sync(path: Path, flags: int) -> None:
    try:
        handle = os.open(path, flags)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
