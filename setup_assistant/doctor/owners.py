"""Whose file it is, and whether it is as it was installed."""

from __future__ import annotations

import base64
import csv
from collections.abc import Collection, Iterator
from pathlib import Path

from setup_assistant.doctor.install import Dist, Install
from setup_assistant.host.files import sha256
from setup_assistant.host.prefix import normal_name
from setup_assistant.messages import msg

# Bytes; what is larger takes longer to read than an answer.
_LARGE = 64 << 20


def owner_of(install: Install, file: str) -> str | None:
    """Return the package of a file; else that of its module, or the module's own name."""
    for folder in install.folders:
        for home in {folder, folder.resolve()}:
            if file.startswith(f"{home}/"):
                place = file.removeprefix(f"{home}/")
                module = place.partition("/")[0]
                brings = brought_by(install, f"{place},") or brought_by(install, f"{module}/")
                return brings or normal_name(module.removesuffix(".py"))
    return None


def brought_by(install: Install, start: str) -> str | None:
    """Return the package in whose record a line begins so."""
    rows = ((dist.name, f"\n{dist.text('RECORD') or ''}") for dist in install.dists)
    return next((name for name, record in rows if f"\n{start}" in record), None)


def changed(install: Install, file: str) -> str:
    """Return what is wrong with a file, by the sum in its package's record; empty for nothing."""
    dist = install.by_name.get(owner_of(install, file) or "")
    sums = (w for place, w, _size in _sums(dist) if file.endswith(f"/{place}")) if dist else ()
    return next((_unlike(Path(file), wanted) for wanted in sums), "")


def edited(
    install: Install, names: Collection[str], *, large: bool = False
) -> Iterator[tuple[Dist, str]]:
    """Yield the files of packages that are there, of their size if compiled, and yet not the same.

    Libraries of many megabytes are left out unless they are asked for; one that was stripped has
    another size.
    """
    for dist in install.dists:
        for place, wanted, size in _sums(dist) if dist.name in names else ():
            path = dist.home / place
            compiled = ".so" in path.name and _held(path) == size and (large or size < _LARGE)
            if (compiled or place.endswith(".py")) and _unlike(path, wanted):
                yield dist, str(path)


def absent(dist: Dist) -> str:
    """Return the first source that a package's record names and that is not there; else empty."""
    rows = (dist.home / place for place, _sum, _size in _sums(dist) if place.endswith(".py"))
    return next((str(path) for path in rows if not path.is_file()), "")


def _sums(dist: Dist) -> Iterator[tuple[str, str, int]]:
    for row in csv.reader((dist.text("RECORD") or "").splitlines()):
        if len(row) == 3 and row[1].startswith("sha256="):
            yield row[0], row[1].removeprefix("sha256="), int(row[2] or 0)


def _held(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _unlike(path: Path, wanted: str) -> str:
    if not path.is_file():
        return ""
    try:
        digest = bytes.fromhex(sha256(path))
    except OSError as error:
        # What this account may not read, it cannot import.
        return str(error.strerror)
    same = base64.urlsafe_b64encode(digest).decode().rstrip("=") == wanted
    return "" if same else str(msg("is not as it was installed"))
