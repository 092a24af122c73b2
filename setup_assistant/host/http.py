"""The door to hubs: one request at a time over kept connections, with ranges and redirects.

Honours the person's proxies and certificates as `host.web` does. What identifies the person is
sent to the hub's own address only, never to one that it redirects to.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from setup_assistant.host import web
from setup_assistant.host.http_errors import WebError, explain, no_address, refusal
from setup_assistant.host.pip_settings import pip_settings
from setup_assistant.messages import msg

__all__ = ["Body", "Http", "WebError", "explain", "silence_seconds"]

_AGENT = "setup-assistant"
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10
_CONNECT_SECONDS = 10.0
# At most this many bytes are on their way between two looks at the clock and the disk.
_BLOCK = 1 << 18
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_ZIPPED = ("gzip", "x-gzip", "deflate")


@dataclass(kw_only=True)
class Body:
    """An answer whose body is still to be read.

    `first` is the offset of its first byte in the file, `total` the size of the file and `length`
    that of the body, each None where the server does not say; `ranged` whether it is a part, and
    `unplaced` whether it is one of which nothing says where it belongs.
    `version` is what the server calls this state of the file, "" where it has no word for it.
    """

    url: str
    first: int
    total: int | None
    length: int | None
    ranged: bool
    unplaced: bool
    version: str
    headers: Mapping[str, str]
    _raw: Any = field(repr=False)

    @property
    def is_page(self) -> bool:
        """Whether a web page came."""
        return "text/html" in self.headers.get("Content-Type", "")

    def blocks(self) -> Iterator[bytes]:
        """Yield the body as it comes in, unpacked where a server packed it unasked.

        Raises:
            WebError: the connection broke, or was silent for too long.
        """
        packed = _is_zipped(self.headers)
        # 32: gzip and zlib alike.
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 32) if packed else None
        try:
            while block := self._raw.read1(_BLOCK, decode_content=False):
                if unpack is None:
                    yield block
                    continue
                while block:
                    yield unpack.decompress(block, _BLOCK)
                    block = unpack.unconsumed_tail
        except zlib.error as error:
            raise WebError("unreachable", msg("the connection broke off"), again=True) from error
        except Exception as error:
            raise explain(error) from error

    def close(self) -> None:
        """Give up whatever was not read."""
        self._raw.close()
        self._raw.release_conn()


class Http:
    """Requests to one hub. `secrets` are headers that only the hub itself may see."""

    def __init__(
        self, origin: str, *, secrets: Mapping[str, str], silence: float, connections: int = 8
    ) -> None:
        self._origin = _address(origin)
        self.secrets = dict(secrets)
        self._silence = silence
        self._connections = connections
        self._pools: dict[str | None, Any] = {}

    def get(self, url: str, span: tuple[int, int] | None = None, method: str = "GET") -> Body:
        """Ask for `url`, or its bytes from the first to the last of `span`.

        Raises:
            WebError: `denied`, `not_found`, `range` (its detail is the file's size), `unreachable`
                and the like.
        """
        headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
        if span:
            headers["Range"] = f"bytes={span[0]}-{span[1]}"
        for _attempt in range(_MOST_REDIRECTS):
            own = _address(url) == self._origin
            raw = self._request(method, url, {**headers, **(self.secrets if own else {})})
            location = raw.headers.get("Location")
            if raw.status not in _REDIRECTS or not location:
                return _answer(url, raw, own=own)
            _drain(raw)
            try:
                target = urljoin(url, location)
                onward = urlsplit(target).scheme in _onward(url)
            except ValueError as error:
                raise no_address() from error
            if not onward:
                break
            url = target
        raise WebError("broken", msg("it redirects without end, or out of encryption"))

    def read(self, url: str, limit: int) -> tuple[bytes, Mapping[str, str]]:
        """Return the body of `url` and its headers.

        Raises:
            WebError: as `get`; `too_large` above `limit` bytes.
        """
        body = self.get(url)
        found = bytearray()
        try:
            for block in body.blocks():
                found += block
                if len(found) > limit:
                    raise WebError("too_large", msg("the answer has no end"))
        finally:
            body.close()
        return bytes(found), body.headers

    def _request(self, method: str, url: str, headers: dict[str, str]) -> Any:  # noqa: ANN401
        try:
            return self._pool(url).request(
                method, url, headers=headers, redirect=False, retries=False, preload_content=False
            )
        except Exception as error:
            found = explain(error)
            if found.reason == "unreachable":
                # A server that allows fewer connections refuses so, too: the idle ones, which
                # the library would not use after a failure, may be those too many.
                found.crowded = True
                self._close_idle()
            raise found from error

    def _pool(self, url: str) -> Any:  # noqa: ANN401 - the library is loaded late
        proxy = web.proxy_of(url)
        if proxy not in self._pools:
            self._pools[proxy] = _manager(proxy, self._silence, self._connections)
        return self._pools[proxy]

    def _close_idle(self) -> None:
        for manager in list(self._pools.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - not a mapping
                kept = manager.pools[key].pool
                with contextlib.suppress(queue.Empty, AttributeError):
                    while True:
                        connection = kept.get(block=False)
                        if connection is not None:
                            connection.close()

    def close(self) -> None:
        """Close the kept connections; those in use close when they are done."""
        self._close_idle()
        for manager in list(self._pools.values()):
            manager.clear()


def _manager(proxy: str | None, silence: float, connections: int) -> Any:  # noqa: ANN401
    import urllib3

    settings: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=_CONNECT_SECONDS, read=silence),
        "maxsize": connections,
        "ca_certs": web.certificates() or pip_settings().get("cert"),
    }
    if not proxy:
        return urllib3.PoolManager(**settings)
    address = proxy if "://" in proxy else f"http://{proxy}"
    if address.lower().startswith("socks"):
        return _through_socks(address, settings)
    login = urllib3.util.parse_url(address).auth
    if login:
        from urllib.parse import unquote

        settings["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=unquote(login))
    return urllib3.ProxyManager(address, **settings)


def _through_socks(address: str, settings: dict[str, Any]) -> Any:  # noqa: ANN401
    from importlib.util import find_spec

    if find_spec("socks") is None:
        raise WebError(
            "broken",
            msg("a SOCKS proxy needs the package PySocks beside this tool; an HTTP proxy does not"),
        )
    from urllib3.contrib.socks import SOCKSProxyManager

    return SOCKSProxyManager(address, **settings)


def _drain(raw: Any) -> None:  # noqa: ANN401
    """Let go of an answer that only said where to go."""
    try:
        raw.drain_conn()
        raw.release_conn()
    except Exception as error:
        raise explain(error) from error


def _answer(url: str, raw: Any, *, own: bool) -> Body:  # noqa: ANN401
    if raw.status not in (200, 206):
        raw.close()
        raise refusal(raw.status, raw.headers, own=own)
    part = _RANGE.match(raw.headers.get("Content-Range", ""))
    length = raw.headers.get("Content-Length", "")
    size = int(length) if length.isdigit() else None
    if _is_zipped(raw.headers):
        # The numbers are those of the packed form.
        part = size = None
    total = int(part[3]) if part and part[3].isdigit() else None
    tag = raw.headers.get("ETag", "").removeprefix("W/")
    return Body(
        url=url,
        first=int(part[1]) if part else 0,
        total=total if part else size,
        length=size,
        ranged=part is not None,
        unplaced=part is None and raw.status == 206,
        version=tag or raw.headers.get("Last-Modified", ""),
        headers=raw.headers,
        _raw=raw,
    )


def _is_zipped(headers: Mapping[str, str]) -> bool:
    return headers.get("Content-Encoding", "").strip().lower() in _ZIPPED


def _onward(url: str) -> tuple[str, ...]:
    """Return the schemes that a redirect may lead to: never out of encryption."""
    return ("https",) if urlsplit(url).scheme == "https" else ("https", "http")


def _address(url: str) -> tuple[str, str | None, int]:
    """Return scheme, host and port; raises `WebError` for what has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise no_address() from error
    return parts.scheme, parts.hostname, port


def silence_seconds() -> float:
    """Return how long a connection may be silent: SETUP_ASSISTANT_STALL_SECONDS, or 20."""
    try:
        return max(0.1, float(os.environ.get("SETUP_ASSISTANT_STALL_SECONDS", "")))
    except ValueError:
        return 20.0
