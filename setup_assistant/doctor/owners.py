"""Whose file it is, and whether it is as it was installed."""

from __future__ import annotations

import base64
import csv
import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path

from setup_assistant.doctor.install import Dist, Install
from setup_assistant.host.prefix import normal_name
from setup_assistant.messages import msg


def owner_of(install: Install, file: str) -> str | None:
    """Return the package of a file; the name of its module where no package brings it."""
    for folder in install.folders:
        for home in {folder, folder.resolve()}:
            if file.startswith(f"{home}/"):
                module = file.removeprefix(f"{home}/").partition("/")[0]
                return _brings(install, module) or normal_name(module.removesuffix(".py"))
    return None


def _brings(install: Install, module: str) -> str | None:
    for dist in install.dists:
        record = dist.text("RECORD") or ""
        if record.startswith(f"{module}/") or f"\n{module}/" in record or f"\n{module}," in record:
            return dist.name
    return None


def changed(install: Install, file: str) -> str:
    """Return what is wrong with a file, by the sum in its package's record; empty for nothing."""
    for dist in install.dists:
        name = next((file.removeprefix(f"{h}/") for h in {dist.home, dist.home.resolve()}
                     if file.startswith(f"{h}/")), "")  # fmt: skip
        for place, wanted in _sums(dist) if name else ():
            if place == name:
                return _unlike(Path(file), wanted)
    return ""


def edited(install: Install, names: Collection[str]) -> Iterator[tuple[Dist, str]]:
    """Yield the sources of packages that are there and not as they were installed."""
    for dist in install.dists:
        for place, wanted in _sums(dist) if dist.name in names else ():
            if place.endswith(".py") and _unlike(dist.home / place, wanted):
                yield dist, str(dist.home / place)


def _sums(dist: Dist) -> Iterator[tuple[str, str]]:
    for row in csv.reader((dist.text("RECORD") or "").splitlines()):
        if len(row) == 3 and row[1].startswith("sha256="):
            yield row[0], row[1].removeprefix("sha256=")


def _unlike(path: Path, wanted: str) -> str:
    if not path.is_file():
        return ""
    held = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest())
    same = held.decode().rstrip("=") == wanted
    return "" if same else str(msg("is not as it was installed"))
