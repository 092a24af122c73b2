"""Which running programs use an environment's files: what cannot be moved or removed under them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil


@dataclass(frozen=True, kw_only=True)
class User:
    """One running program that uses a folder."""

    pid: int
    name: str


def users_of(folders: Iterable[Path]) -> dict[Path, tuple[User, ...]]:
    """Return, per folder, the programs that run from it or have loaded a library from it.

    Other people's processes cannot be looked into and are left out, as is this one.
    """
    import psutil

    inside = {folder: f"{folder.resolve()}{os.sep}" for folder in folders}
    found: dict[Path, list[User]] = {folder: [] for folder in inside}
    if not inside:
        return {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid == os.getpid():
                continue
            files = set(_files(process))
            for folder, start in inside.items():
                if any(file.startswith(start) for file in files):
                    found[folder].append(User(pid=process.pid, name=process.name()))
    return {folder: tuple(users) for folder, users in found.items()}


def _files(process: psutil.Process) -> Iterator[str]:
    """Yield the process's program, as started and as resolved, and its mapped libraries."""
    yield from process.cmdline()[:1]
    yield process.exe()
    maps = Path(f"/proc/{process.pid}/maps")
    if maps.exists():
        with maps.open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                _numbers, slash, rest = line.partition("/")
                if slash:
                    yield f"/{rest.rstrip()}"
