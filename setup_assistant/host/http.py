"""The door to the web: one request at a time over kept connections, with ranges and redirects.

Proxies and certificates are the person's (`connections`); what identifies the person is attached
by `tokens`, and only to the address that was asked, never to one that it redirects to.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from setup_assistant.host import connections
from setup_assistant.host.connections import CONNECT_SECONDS, address_of
from setup_assistant.host.http_errors import WebError, explain, of_cause, refusal
from setup_assistant.host.tokens import Keys
from setup_assistant.host.transfer.wait import Wait
from setup_assistant.messages import msg

__all__ = ["Body", "Http", "WebError", "explain", "silence_seconds"]

_AGENT = "setup-assistant"
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10
# At most this many bytes are on their way between two looks at the clock and the disk.
_BLOCK = 1 << 18
# No file has a size of more digits, and Python reads none of thousands.
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_NUMBER = re.compile(r"[0-9]{1,18}")
# A redirect's own page is not read to an end that may never come.
_MOST_LOOKS = 8
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
            raise of_cause("broken-off") from error
        except Exception as error:
            raise explain(error) from error

    def close(self) -> None:
        """Give up whatever was not read."""
        self._raw.close()
        self._raw.release_conn()


class Http:
    """Requests to whatever addresses; `keys` says what they are shown of the person.

    `silence` and `connect` are the seconds to wait for bytes and for a connection; `on_wait` is
    told where a server asks to be left alone for a while, by those who then wait.
    """

    def __init__(
        self,
        keys: Keys | None = None,
        *,
        silence: float,
        connections: int = 8,
        connect: float = CONNECT_SECONDS,
    ) -> None:
        self.keys = keys or Keys()
        self.on_wait: Callable[[Wait], None] = lambda _wait: None
        self._silence, self._connect = silence, connect
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
        asked = address_of(url)
        for _attempt in range(_MOST_REDIRECTS):
            own = address_of(url) == asked
            keys = self.keys.headers(url) if own else {}
            raw = self._request(method, url, {**headers, **keys})
            location = raw.headers.get("Location")
            if raw.status not in _REDIRECTS or not location:
                return _answer(url, raw, own=own)
            _drain(raw)
            try:
                target = urljoin(url, location)
                onward = urlsplit(target).scheme in _onward(url)
            except ValueError as error:
                raise of_cause("no-address") from error
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
                    raise WebError("too_large", msg("the response is too large"))
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
        proxy = connections.proxy_of(url)
        if proxy not in self._pools:
            self._pools[proxy] = connections.manager(
                proxy, silence=self._silence, connections=self._connections, connect=self._connect
            )
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


def _drain(raw: Any) -> None:  # noqa: ANN401
    """Let go of an answer that only said where to go, with its line if it is soon at its end."""
    try:
        for _look in range(_MOST_LOOKS):
            if not raw.read1(_BLOCK, decode_content=False):
                break
        else:
            raw.close()
        raw.release_conn()
    except Exception as error:
        raise explain(error) from error


def _answer(url: str, raw: Any, *, own: bool) -> Body:  # noqa: ANN401
    if raw.status not in (200, 206):
        raw.close()
        raise refusal(raw.status, raw.headers, own=own)
    part = _RANGE.match(raw.headers.get("Content-Range", ""))
    length = raw.headers.get("Content-Length", "")
    size = int(length) if _NUMBER.fullmatch(length) else None
    if _is_zipped(raw.headers):
        # The numbers are those of the packed form.
        part = size = None
    total = int(part[3]) if part and part[3] != "*" else None
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


def silence_seconds() -> float:
    """Return how long a connection may be silent: SETUP_ASSISTANT_STALL_SECONDS, or 20."""
    try:
        return max(0.1, float(os.environ.get("SETUP_ASSISTANT_STALL_SECONDS", "")))
    except ValueError:
        return 20.0
