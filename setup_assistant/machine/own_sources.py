"""The sources that the person has set up for pip, uv and conda: they win where they answer."""

from __future__ import annotations

import os
import re
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup_assistant.host import lenient
from setup_assistant.host.pip_settings import pip_settings, setting_of

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
    sample: str = ""
    setting: str | None = None


def own() -> tuple[Place, ...]:
    """Return the person's package index, their further indexes, and their conda channel."""
    (default, more), (pip_index, pip_extra) = uv_indexes(uv_settings()), _pip_indexes()
    index, whence = _first(_INDEX, default, pip_index)
    extra, whence_extra = _first(_EXTRA, " ".join(more), pip_extra)
    places = [_index("packages", "own", index, whence)] if index else []
    places += [
        _index("extra", f"own-{n}", url, whence_extra) for n, url in enumerate(extra.split(), 1)
    ]
    channel = conda_forge(_condarc())
    if channel:
        places.append(Place("conda", "own", channel, f"{channel}/noarch/repodata.json.zst"))
    return tuple(p for p in places if p is not None)


def _first(
    variables: tuple[str, ...], of_uv: str | None, of_pip: tuple[str, str]
) -> tuple[str, str]:
    """Return the setting that counts, and the variable or the file that it stands in."""
    for name in variables:
        if os.environ.get(name):
            return os.environ[name], name
    if of_uv:
        return of_uv, str(_uv_file() or "uv.toml")
    return of_pip


def _pip_indexes() -> tuple[tuple[str, str], tuple[str, str]]:
    """Return pip's index and its further ones, each with where it is set."""
    settings = pip_settings()
    index, extra = (
        (settings.get(option, ""), setting_of(option))
        for option in ("index-url", "extra-index-url")
    )
    return index, extra


def _index(leg: str, name: str, url: str, setting: str = "") -> Place | None:
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
    secret = parts.username is not None
    return Place(leg, name, bare, f"{bare}/pip/", secret, sample=f"{bare}/numpy/", setting=setting)


def uv_indexes(text: str) -> tuple[str | None, tuple[str, ...]]:
    """Return the default index and the further ones that a uv.toml names.

    Source: uv's documentation, "Settings": `[[index]]`, `index-url`, `extra-index-url`, all of
    them under `[pip]` too. What cannot be read names nothing.
    """
    if not text.strip():
        return None, ()
    import msgspec

    try:
        said: dict[str, Any] = msgspec.toml.decode(text)
        default, more = None, []
        for table in (said, said.get("pip", {})):
            default = default or table.get("index-url")
            more += table.get("extra-index-url", [])
            for row in table.get("index", []):
                # An explicit index serves only the packages that a project assigns to it.
                if row.get("default"):
                    default = row["url"]
                elif not row.get("explicit"):
                    more.append(row["url"])
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError, RecursionError):
        return None, ()
    return default, tuple(dict.fromkeys(more))


def uv_settings() -> str:
    """Return the text of the uv.toml that counts here."""
    file = _uv_file()
    return lenient.text(file) if file else ""


def _uv_file() -> Path | None:
    """Return the uv.toml that counts here: the named, the person's, the system's."""
    if os.environ.get("UV_NO_CONFIG"):
        return None
    if named := os.environ.get("UV_CONFIG_FILE"):
        return Path(named)
    if os.name == "nt":
        homes = [os.environ.get("APPDATA"), os.environ.get("PROGRAMDATA")]
    else:
        homes = [os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config"), "/etc"]
    files = (Path(h) / "uv/uv.toml" for h in homes if h)
    return next((f for f in files if lenient.text(f)), None)


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
    return lenient.text(Path(named) if named else Path.home() / ".condarc")
