"""What a page of a package index (PEP 503, PEP 592) lists."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

_LINK = re.compile(r"<a\s([^>]*)>([^<]*)</a>", re.IGNORECASE)
# Stands for the platform of source files.
SOURCE = "source"


@dataclass(frozen=True, kw_only=True)
class File:
    """One file of an index's page; `platform` is a wheel's platform tag, or `SOURCE`."""

    version: Version
    platform: str
    yanked: bool


def listed_files(page: str) -> list[File]:
    """Return the files that a page lists; a wheel once for each of its platform tags."""
    found = []
    for attributes, name in _LINK.findall(page):
        yanked = "data-yanked" in attributes
        version, platforms = _read(html.unescape(name).strip())
        if version is not None:
            found += [File(version=version, platform=p, yanked=yanked) for p in platforms]
    return found


def _read(name: str) -> tuple[Version | None, list[str]]:
    try:
        if name.endswith(".whl"):
            _name, version, _build, tags = parse_wheel_filename(name)
            return version, [t.platform for t in tags]
        return parse_sdist_filename(name)[1], [SOURCE]
    except (InvalidSdistFilename, InvalidWheelFilename, InvalidVersion):
        return None, []


def newest_after(known: Version, listed: Iterable[File]) -> Version | None:
    """Return the newest final release after `known` that was not yanked."""
    later = [
        f.version
        for f in listed
        if not f.yanked and not f.version.is_prerelease and f.version.release > known.release
    ]
    return max(later, default=None)
