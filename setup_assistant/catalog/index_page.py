"""What a page of a package index (PEP 503, PEP 592) lists."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

_LINK = re.compile(r"<a\s([^>]*)>([^<]*)</a>", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """One file of an index's page."""

    version: Version
    platform: str
    yanked: bool


def wheels(page: str) -> list[Wheel]:
    """Return the wheels that a page lists, one for each platform tag."""
    found = []
    for attributes, name in _LINK.findall(page):
        try:
            _name, version, _build, tags = parse_wheel_filename(html.unescape(name).strip())
        except (InvalidWheelFilename, InvalidVersion):
            continue
        yanked = "data-yanked" in attributes
        found += [Wheel(version=version, platform=t.platform, yanked=yanked) for t in tags]
    return found


def newest_after(known: Version, listed: Iterable[Wheel]) -> Version | None:
    """Return the newest final release after `known` that was not yanked."""
    later = [
        w.version
        for w in listed
        if not w.yanked and not w.version.is_prerelease and w.version.release > known.release
    ]
    return max(later, default=None)
