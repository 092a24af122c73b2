"""Files of a bundle from wherever they are offered: several at once, resumed, proved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from setup_assistant.errors import SetupError
from setup_assistant.host import files, removal
from setup_assistant.host.http import Http, WebError, silence_seconds
from setup_assistant.host.tokens import Keys, logins
from setup_assistant.host.transfer import fetch as transfer
from setup_assistant.host.transfer.fetch import copy
from setup_assistant.host.transfer.file_progress import TransferError
from setup_assistant.host.transfer.remote_file import RemoteFile
from setup_assistant.host.transfer.small import size_of
from setup_assistant.messages import _
from setup_assistant.steps.backends.uv import environment
from setup_assistant.weights.listing import path_fault

_AT_ONCE = 4
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
    offered = list({o.path: o for o in offers}.values())
    for offer in offered:
        if fault := path_fault(offer.path):
            detail = f"{offer.path[:80]!a}: {fault}"
            raise SetupError("bundle_fetch", url=offer.url, detail=detail)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        there = list(pool.map(lambda o: is_there(folder / o.path, o.sha256), offered))
    absent = [o for o, whole in zip(offered, there, strict=True) if not whole]
    for offer in (o for o in absent if "://" not in _local(o.url)):
        _copy(offer, folder / offer.path)
    far = [o for o in absent if "://" in _local(o.url)]
    if far:
        _download(far, folder)


def _local(url: str) -> str:
    """Return the path behind a file's address, or what was given."""
    return unquote(re.sub(r"^file://", "", url)) if url.startswith("file://") else url


def _keys(env: Mapping[str, str]) -> Keys:
    """Return the logins of the person's indexes: uv leaves them out of what it resolves to."""
    # A named index is NAME=URL.
    told = (a for name in _INDEXES for a in re.split(r"[\s,]+", env.get(name, "")))
    return Keys(
        logins=logins(re.sub(r"^[\w.-]+=(?=https?:)", "", address) for address in told), netrc=True
    )


def is_there(path: Path, sha256: str) -> bool:
    """Whether a file is there, and is the one that was listed."""
    return path.is_file() and files.sha256(path) == sha256


def _copy(offer: Offer, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        digest = copy(Path(_local(offer.url)), path)
    except OSError as error:
        if error.errno in (*files.FULL, *files.FORBIDDEN):
            raise
        detail = error.strerror or str(error)
        raise SetupError("bundle_fetch", url=offer.url, detail=detail) from error
    if digest != offer.sha256:
        removal.drop(path, under=path.parent)
        raise SetupError("hash_mismatch", detail=offer.name)


def _download(offers: Sequence[Offer], folder: Path) -> None:
    http = Http(_keys(environment(folder)), silence=silence_seconds())
    by_path = {o.path: o for o in offers}

    def sized(offer: Offer) -> tuple[RemoteFile, str]:
        size = offer.size if offer.size is not None else _size(http, offer)
        return RemoteFile(path=offer.path, size=size, sha256=offer.sha256), offer.url

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        wanted = list(pool.map(sized, offers))
    try:
        transfer.fetch(http, wanted, folder, origin=str(folder))
    except transfer.DamagedError as error:
        raise SetupError("hash_mismatch", detail=by_path[error.path].name) from error
    except TransferError as error:
        raise refused(error, by_path[error.path].url, folder, flag="--to") from error


def _size(http: Http, offer: Offer) -> int:
    """Ask for a size that the index does not name."""
    try:
        found = size_of(http, offer.url)
    except WebError as error:
        raise SetupError("bundle_fetch", url=offer.url, detail=str(error.detail)) from error
    if found is None:
        detail = _("the server does not tell its size")
        raise SetupError("bundle_fetch", url=offer.url, detail=detail)
    return found


def refused(error: TransferError, url: str, folder: Path, *, flag: str) -> SetupError:
    """Return what a transfer into a folder, which is chosen by `flag`, ended with."""
    detail = str(error.cause.detail)
    if error.cause.reason == "no_space":
        return SetupError("disk_filled", path=str(folder))
    if error.cause.reason == "not_writable":
        path = str(folder / error.path)
        return SetupError("not_writable", path=path, detail=detail, flag=flag)
    return SetupError("bundle_fetch", url=url, detail=detail)
