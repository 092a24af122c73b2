"""What is written is on the disk before anything says that it is: fsync of files and folders."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

# What file systems say that cannot write one file or folder out: there is nothing to wait for.
_CANNOT = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM)
_SYNC_FILE_RANGE_WRITE = 2


def _range_writer() -> Callable[[int, int, int, int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    try:
        function = ctypes.CDLL(None).sync_file_range
    except (OSError, AttributeError):
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    found: Callable[[int, int, int, int], int] = function
    return found


_start_writing = _range_writer()


def sync_file(path: Path) -> None:
    """Wait until the bytes of a file are on the disk; raises OSError where they cannot be."""
    # Windows flushes only what was opened for writing.
    _sync(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)


def begin_sync(handle: int, first: int, length: int) -> None:
    """Let the disk begin with some bytes of an open file, so that `sync_file` waits for less.

    Linux's `sync_file_range` with SYNC_FILE_RANGE_WRITE: it starts the writing and does not wait.
    Elsewhere, and where the C library lacks it, nothing happens; it promises nothing.
    """
    if _start_writing is not None:
        _start_writing(handle, first, length, _SYNC_FILE_RANGE_WRITE)


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
