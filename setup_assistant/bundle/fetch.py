"""Files of a bundle from wherever they are offered: several at once, resumed, proved."""

from __future__ import annotations

import re
import shutil
from base64 import b64encode
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from setup_assistant.errors import SetupError
from setup_assistant.host import files, removal
from setup_assistant.host.http import Http, WebError
from setup_assistant.steps.backends.uv import environment
from setup_assistant.weights.listing import path_fault

_SILENCE_SECONDS = 60.0
_AT_ONCE = 4
_ATTEMPTS = 3
# Where uv is told of indexes.
_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One file: where it comes from, what it must be, and its path in the bundle.

    `url` may be a local path; `size` in bytes, None where nobody says.
    """

    path: str
    url: str
    sha256: str
    size: int | None

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def bytes(self) -> int:
        """Its size, also where nobody says: 0 for one that is far away."""
        if self.size is None and "://" not in _local(self.url):
            return Path(_local(self.url)).stat().st_size
        return self.size or 0


def fetch(offers: Iterable[Offer], folder: Path) -> None:
    """Bring files to their paths below a folder; what is there and right is kept.

    Raises:
        SetupError: `bundle_fetch` where one cannot be fetched, or an index names it so that it
            would land elsewhere; `hash_mismatch` where it is not the one that was resolved.
    """
    wanted = {o.path: o for o in offers}
    for offer in wanted.values():
        if fault := path_fault(offer.path):
            detail = f"{offer.path[:80]!a}: {fault}"
            raise SetupError("bundle_fetch", url=offer.url, detail=detail)
    env = environment(folder)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda o: _bring(o, folder / o.path, env), wanted.values()))


def _local(url: str) -> str:
    """Return the path behind a file's address, or what was given."""
    return unquote(re.sub(r"^file://", "", url)) if url.startswith("file://") else url


def _login(url: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return the header for an index of the person's that asks who they are.

    uv leaves the password out of the addresses it resolves to.
    """
    host = urlsplit(url).netloc.rpartition("@")[2]
    for address in (a for name in _INDEXES for a in env.get(name, "").split()):
        # A named index is NAME=URL.
        parts = urlsplit(re.sub(r"^[\w.-]+=(?=https?:)", "", address))
        if parts.username and parts.netloc.rpartition("@")[2] == host:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            return {"Authorization": f"Basic {b64encode(login.encode()).decode()}"}
    return {}


def _bring(offer: Offer, path: Path, env: Mapping[str, str]) -> None:
    if path.exists() and files.sha256(path) == offer.sha256:
        return
    local, aside = _local(offer.url), path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if "://" in local:
            _download(offer, aside, _login(offer.url, env))
        else:
            shutil.copyfile(local, aside)
    except OSError as error:
        if error.errno in (*files.FULL, *files.FORBIDDEN):
            raise
        detail = error.strerror or str(error)
        raise SetupError("bundle_fetch", url=offer.url, detail=detail) from error
    if files.sha256(aside) != offer.sha256:
        removal.drop(aside, under=aside.parent)
        raise SetupError("hash_mismatch", detail=offer.name)
    aside.replace(path)


def _download(offer: Offer, path: Path, login: Mapping[str, str]) -> None:
    """Fetch one file, going on where an earlier run stopped."""
    http = Http(offer.url, secrets=login, silence=_SILENCE_SECONDS)
    for attempt in range(_ATTEMPTS):
        there = path.stat().st_size if path.exists() else 0
        if offer.size is not None and there == offer.size:
            return
        try:
            span = (there, (offer.size or 1 << 62) - 1) if there else None
            body = http.get(offer.url, span)
            with path.open("ab" if body.ranged and body.first == there else "wb") as stream:
                for block in body.blocks():
                    stream.write(block)
        except WebError as error:
            if error.again and attempt + 1 < _ATTEMPTS:
                continue
            if error.reason == "range":
                # All of it was there, or another file: begin anew.
                removal.drop(path, under=path.parent)
                if attempt + 1 < _ATTEMPTS:
                    continue
            raise SetupError("bundle_fetch", url=offer.url, detail=str(error.detail)) from error
        return
