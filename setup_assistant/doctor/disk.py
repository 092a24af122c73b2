"""The disks: room, inodes, and the right to write where something must be written."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.host import files, paths
from setup_assistant.messages import msg
from setup_assistant.units_text import MIB, memory_text

layer = Layered("disk")
# Below the first nothing can be installed at all; below the second a torch wheel cannot.
_FULL, _TIGHT = 256 * MIB, 4096 * MIB
_FEW_INODES = 1000
_ROLES = {
    "temp": msg("temporary files"),
    "environment": msg("environment"),
    "model": msg("model"),
    "cache": msg("cache"),
}


def places(case: Case) -> Iterator[tuple[str, Path]]:
    """Yield what each folder is for, and the folder or its nearest existing parent.

    What is whole and cannot be written is only read, as in a container, and left out.
    """
    temp = case.variables.get("TMPDIR")
    wanted = [("temp", Path(temp) if temp else Path(tempfile.gettempdir())),
              ("environment", case.prefix), ("model", case.folder),
              ("cache", paths.package_cache())]  # fmt: skip
    for role, path in wanted:
        found = files.nearest_existing(path.expanduser()) if path is not None else None
        only_read = role == "environment" or (role == "model" and not _incomplete(case))
        if found is not None and not (only_read and not _writable(found)):
            yield role, found


@layer.check("temp-missing")
def temp_missing(case: Case) -> Trouble | NotHere | None:
    """Look for the folder that TMPDIR names."""
    value = case.variables.get("TMPDIR")
    if not value:
        return NOT_HERE
    if Path(value).is_dir():
        return None
    return trouble(("TMPDIR", value), path=value, commands=("unset TMPDIR",))


@layer.check("disk-read-only")
def disk_read_only(case: Case) -> Trouble | NotHere | None:
    """Ask for the right to write."""
    for role, path in places(case):
        if not _writable(path):
            mounted = os.access(path, os.W_OK) or bool(os.statvfs(path).f_flag & os.ST_RDONLY)
            said = msg("read-only file system") if mounted else msg("no permission to write")
            return trouble((path, said), role=str(_ROLES[role]), path=str(path))
    return None


def _incomplete(case: Case) -> bool:
    from setup_assistant.verify.model_files import model_files

    folder = case.folder
    return folder is not None and bool(model_files(folder, trust_unchanged=True).blames)


@layer.check("cache-read-only")
def cache_read_only(case: Case) -> Trouble | NotHere | None:
    """Look at the folders that the hubs' clients are told to use; a filled one may be shared."""
    for variable in ("HF_HOME", "HF_HUB_CACHE", "MODELSCOPE_CACHE"):
        value = case.variables.get(variable)
        folder = Path(value).expanduser() if value else None
        if folder is None or _writable(files.nearest_existing(folder)):
            continue
        filled = folder.is_dir() and any(folder.iterdir())
        return trouble((variable, value), variable=variable, path=str(folder),
                       commands=(f"unset {variable}",),
                       status="warn" if filled else "fail")  # fmt: skip
    return None


def _writable(path: Path) -> bool:
    mounted = os.name != "nt" and bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    return path.is_dir() and not mounted and os.access(path, os.W_OK)


@layer.check("disk-full")
def disk_full(case: Case) -> Trouble | NotHere | None:
    """Ask each disk for what an ordinary user may write."""
    for role, path in places(case):
        # Whole weights and a whole environment need no more room.
        if files.free_bytes(path) < _FULL:
            return _short(role, path, warn=role == "model" and not _incomplete(case))
    return None


@layer.check("disk-tight", needs=("disk-full",))
def disk_tight(case: Case) -> Trouble | NotHere | None:
    """Ask the folder that pip unpacks in."""
    temp = (p for role, p in places(case) if role == "temp" and files.free_bytes(p) < _TIGHT)
    return next((_short("temp", path, warn=True) for path in temp), None)


def _short(role: str, path: Path, *, warn: bool) -> Trouble:
    free = files.free_bytes(path)
    largest = shlex.join(["du", "-xh", "--max-depth=1", str(path)])
    return trouble((path, msg("{count} bytes free", count=free)), role=str(_ROLES[role]),
                   path=str(path), free=memory_text(free),
                   commands=("export TMPDIR=FOLDER" if role == "temp" else largest,),
                   status="warn" if warn else "fail")  # fmt: skip


@layer.check("inodes")
def inodes(case: Case) -> Trouble | NotHere | None:
    """Ask each disk how many files it can still take; some keep no count."""
    if os.name == "nt":
        return NOT_HERE
    for role, path in places(case):
        status = os.statvfs(path)
        if status.f_files and status.f_favail < _FEW_INODES:
            left = msg("{free} of {all} inodes", free=status.f_favail, all=status.f_files)
            return trouble((path, left), role=str(_ROLES[role]),
                           path=str(path), free=status.f_favail)  # fmt: skip
    return None


CHECKS = tuple(layer.checks)
