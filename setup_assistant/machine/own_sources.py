"""The sources that the person has set up for pip, uv and conda: they win where they answer."""

from __future__ import annotations

import os
import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.host.pip_settings import pip_settings

# Names of variables, in the order in which uv and pip obey them.
_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_EXTRA = ("UV_INDEX", "UV_EXTRA_INDEX_URL")
_FORGE = "conda-forge"


@dataclass(frozen=True)
class Place:
    """One source: what `Mirror` says of one, its address without credentials."""

    leg: str
    name: str
    url: str
    probe: str
    credentials: bool = False


def own() -> tuple[Place, ...]:
    """Return the person's package index, their further indexes, and their conda channel."""
    settings = pip_settings()
    index = next((os.environ[n] for n in _INDEX if os.environ.get(n)), settings.get("index-url"))
    extra = next(
        (os.environ[n] for n in _EXTRA if os.environ.get(n)), settings.get("extra-index-url", "")
    )
    places = [_index("packages", "own", index)] if index else []
    places += [_index("extra", f"own-{n}", url) for n, url in enumerate(extra.split(), 1)]
    channel = conda_forge(_condarc())
    if channel:
        places.append(Place("conda", "own", channel, f"{channel}/noarch/repodata.json.zst"))
    return tuple(p for p in places if p is not None)


def _index(leg: str, name: str, url: str) -> Place | None:
    """Return an index without its credentials; None where it is no address."""
    # uv lets an index have a name in front: "internal=https://…".
    text = re.sub(r"^[\w-]+=(?=https?://)", "", url.strip())
    try:
        parts = urllib.parse.urlsplit(text)
        host = f"{parts.hostname or ''}:{parts.port}" if parts.port else parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host:
        return None
    bare = urllib.parse.urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
    return Place(leg, name, bare, f"{bare}/pip/", credentials=parts.username is not None)


def conda_forge(text: str) -> str | None:
    """Return where conda's settings send for conda-forge, if not to its official place.

    Of a .condarc only the three ways to name a mirror are read, line by line: a channel with
    an address, `custom_channels`, and `channel_alias`.
    """
    for pattern, ending in (
        (rf"^\s*-\s*['\"]?(https?://\S+?/{_FORGE})/?['\"]?\s*$", ""),
        (rf"^\s+{_FORGE}:\s*['\"]?(https?://[^\s'\"]+?)/?['\"]?\s*$", f"/{_FORGE}"),
        (r"^channel_alias:\s*['\"]?(https?://[^\s'\"]+?)/?['\"]?\s*$", f"/{_FORGE}"),
    ):
        if (found := re.search(pattern, text, re.MULTILINE)) and "@" not in found[1]:
            return found[1] + ending
    return None


def _condarc() -> str:
    named = os.environ.get("CONDARC")
    path = Path(named) if named else Path.home() / ".condarc"
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
