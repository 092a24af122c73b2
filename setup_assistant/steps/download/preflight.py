"""What is checked before anything is written: links, room, permission."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.host.transfer.remote_file import STATE_SUFFIX, RemoteFile
from setup_assistant.messages import _
from setup_assistant.steps.download.job import Job
from setup_assistant.units_text import size_text

# What the longest path may have, the part's suffix included (POSIX; Windows allows fewer).
_LONGEST_PATH = 259 if os.name == "nt" else 4095


def check_links(job: Job, listed: Sequence[RemoteFile]) -> None:
    """Refuse to write through a link that leads out of the folder."""
    root = job.folder.resolve()
    for parent in {(job.folder / f.path).parent for f in listed}:
        if not parent.resolve().is_relative_to(root):
            raise SetupError(
                "weights_listing", model=job.model, detail=_("{path} is a link", path=str(parent))
            )


def check_length(job: Job, listed: Sequence[RemoteFile]) -> None:
    """Refuse a folder in which the names would become too long."""
    longest = max(listed, key=lambda f: len(os.fsencode(f.path)))
    path = str(job.folder / f"{longest.path}{STATE_SUFFIX}")
    if len(os.fsencode(path)) > _LONGEST_PATH:
        detail = os.strerror(errno.ENAMETOOLONG)
        raise SetupError("not_writable", path=path, detail=detail, flag=job.flag)


def check_space(
    job: Job, listed: Sequence[RemoteFile], partial: Callable[[Path, RemoteFile], int]
) -> tuple[int, int]:
    """Refuse what the disk cannot take; return the bytes that are missing and that are free."""
    absent = [f for f in listed if size_of(job.folder / f.path) != f.size]
    need = sum(f.size for f in absent) - sum(partial(job.folder, f) for f in absent)
    free = files.free_bytes(job.folder)
    if free < need:
        raise SetupError(
            "no_space",
            path=str(files.nearest_existing(job.folder)),
            free=size_text(free),
            need=size_text(need),
            flag=job.flag,
        )
    return need, free


def make(job: Job) -> None:
    """Make the folder, or say why it cannot be written."""
    detail = ""
    try:
        job.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        detail = error.strerror or str(error)
    if not detail and not os.access(job.folder, os.W_OK | os.X_OK):
        detail = os.strerror(errno.EACCES)
    if detail:
        raise SetupError("not_writable", path=str(job.folder), detail=detail, flag=job.flag)


def size_of(path: Path) -> int:
    """Return the size of a regular file; -1 where there is none."""
    with contextlib.suppress(OSError):
        return path.stat().st_size if path.is_file() else -1
    return -1
