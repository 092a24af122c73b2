"""The door to hubs: one request at a time over kept connections, with ranges and redirects.

Honours the person's proxies and certificates as `host.web` does. What identifies the person is
sent to the hub's own address only, never to one that it redirects to.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from setup_assistant.host import web
from setup_assistant.host.pip_settings import pip_settings
from setup_assistant.words import Message, msg

_AGENT = "setup-assistant"
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10
_CONNECT_SECONDS = 10.0
# At most this many bytes are on their way between two looks at the clock and the disk.
_BLOCK = 1 << 18
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_NO_RANGE = re.compile(r"bytes \*/(\d+)")
_DISK = {
    errno.ENOSPC: "no_space",
    errno.EDQUOT: "no_space",
    errno.EACCES: "not_writable",
    errno.EPERM: "not_writable",
    errno.EROFS: "not_writable",
    errno.ENAMETOOLONG: "not_writable",
    errno.EMFILE: "not_writable",
    errno.EISDIR: "not_writable",
    errno.ENOTDIR: "not_writable",
    errno.EIO: "not_writable",
    errno.ELOOP: "not_writable",
    errno.EFBIG: "not_writable",
}
_STRERROR = {
    errno.ECONNREFUSED: msg("connection refused"),
    errno.ECONNRESET: msg("connection reset by peer"),
    errno.ENETUNREACH: msg("network is unreachable"),
    errno.EHOSTUNREACH: msg("no route to host"),
}


class WebError(Exception):
    """A request that failed: a reason for programs, a detail for people.

    `again` says whether another attempt may help, `retry_after` (seconds) when.
    """

    def __init__(
        self, reason: str, detail: Message, *, again: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{reason}: {detail.english}")
        self.reason = reason
        self.detail = detail
        self.again = again
        self.retry_after = retry_after


@dataclass(kw_only=True)
class Body:
    """An answer whose body is still to be read.

    `first` is the offset of its first byte in the file, `total` the size of the file and `length`
    that of the body, each None where the server does not say; `ranged` whether it is a part.
    """

    url: str
    first: int
    total: int | None
    length: int | None
    ranged: bool
    headers: Mapping[str, str]
    _raw: Any = field(repr=False)

    @property
    def is_page(self) -> bool:
        """Whether a web page came."""
        return "text/html" in self.headers.get("Content-Type", "")

    def blocks(self) -> Iterator[bytes]:
        """Yield the body as it comes in.

        Raises:
            WebError: the connection broke, or was silent for too long.
        """
        try:
            while block := self._raw.read1(_BLOCK, decode_content=False):
                yield block
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
        self._secrets = dict(secrets)
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
            secrets = self._secrets if _address(url) == self._origin else {}
            raw = self._request(method, url, {**headers, **secrets})
            location = raw.headers.get("Location")
            if raw.status not in _REDIRECTS or not location:
                return _answer(url, raw, own=_address(url) == self._origin)
            raw.drain_conn()
            raw.release_conn()
            target = urljoin(url, location)
            if urlsplit(target).scheme not in _onward(url):
                break
            url = target
        raise WebError("not_a_hub", msg("it redirects without end, or out of encryption"))

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
            raise explain(error) from error

    def _pool(self, url: str) -> Any:  # noqa: ANN401 - the library is loaded late
        import urllib3

        proxy = web.proxy_of(url)
        if proxy not in self._pools:
            settings: dict[str, Any] = {
                "timeout": urllib3.Timeout(connect=_CONNECT_SECONDS, read=self._silence),
                "maxsize": self._connections,
                "ca_certs": web.certificates() or pip_settings().get("cert"),
            }
            if proxy:
                address = proxy if "://" in proxy else f"http://{proxy}"
                login = urllib3.util.parse_url(address).auth
                if login:
                    settings["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=login)
                self._pools[proxy] = urllib3.ProxyManager(address, **settings)
            else:
                self._pools[proxy] = urllib3.PoolManager(**settings)
        return self._pools[proxy]

    def close(self) -> None:
        """Close the kept connections."""
        for pool in self._pools.values():
            pool.clear()


def explain(error: Exception) -> WebError:
    """Return what an error of the connection or the disk means; raises any other again."""
    if isinstance(error, WebError):
        return error
    chain = _chain(error)
    for link in chain:
        if isinstance(link, OSError) and link.errno in _DISK:
            detail = msg("{detail}", detail=os.strerror(link.errno))
            return WebError(_DISK[link.errno], detail)
    names = {kind.__name__ for link in chain for kind in type(link).__mro__}
    if not names & {"OSError", "HTTPError", "HTTPException"}:
        raise error
    if names & {"LocationParseError", "LocationValueError", "URLSchemeUnknown", "InvalidURL"}:
        return WebError("broken", msg("the address makes no sense"))
    return WebError("unreachable", _detail(chain, names), again=True)


def _detail(chain: list[BaseException], names: set[str]) -> Message:
    if "NameResolutionError" in names or any(isinstance(e, socket.gaierror) for e in chain):
        return msg("the host name is not known")
    if any(isinstance(e, ssl.SSLCertVerificationError) for e in chain):
        return msg("its certificate is not trusted; set SSL_CERT_FILE to your organisation's")
    numbers = [e.errno for e in chain if isinstance(e, OSError) and e.errno in _STRERROR]
    if numbers:
        return _STRERROR[numbers[-1]]
    if any(isinstance(e, TimeoutError) for e in chain) or "TimeoutError" in names:
        return msg("no answer in time")
    return msg("the connection broke off")


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop(0)
        if isinstance(link, BaseException) and link not in found:
            found.append(link)
            waiting += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return found


def _answer(url: str, raw: Any, *, own: bool) -> Body:  # noqa: ANN401
    if raw.status in (200, 206):
        part = _RANGE.match(raw.headers.get("Content-Range", ""))
        length = raw.headers.get("Content-Length", "")
        size = int(length) if length.isdigit() else None
        total = int(part[3]) if part and part[3].isdigit() else None
        return Body(
            url=url,
            first=int(part[1]) if part else 0,
            total=total if part else size,
            length=size,
            ranged=part is not None,
            headers=raw.headers,
            _raw=raw,
        )
    raw.close()
    raise _refusal(raw.status, raw.headers, own=own)


def _refusal(status: int, headers: Mapping[str, str], *, own: bool) -> WebError:
    detail = msg("HTTP {status}", status=status)
    if status == 416:
        size = _NO_RANGE.match(headers.get("Content-Range", ""))
        return WebError("range", msg("{size}", size=int(size[1]) if size else None), again=True)
    if status in (401, 403) and own:
        return WebError("denied", detail)
    if status in (404, 410) and own:
        return WebError("not_found", detail)
    # 401, 403 and 404 elsewhere: a signed address that has expired; the hub gives a new one.
    again = not own or status >= 500 or status in (408, 425, 429)
    return WebError(
        "unreachable" if again else "broken", detail, again=again, retry_after=_wait(headers)
    )


def _wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of Retry-After, which may also be a date."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    from email.utils import parsedate_to_datetime
    from time import time

    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time()) if value else None
    except ValueError:
        return None


def _onward(url: str) -> tuple[str, ...]:
    """Return the schemes that a redirect may lead to: never out of encryption."""
    return ("https",) if urlsplit(url).scheme == "https" else ("https", "http")


def _address(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def silence_seconds() -> float:
    """Return how long a connection may be silent: SETUP_ASSISTANT_STALL_SECONDS, or 20."""
    try:
        return max(0.1, float(os.environ.get("SETUP_ASSISTANT_STALL_SECONDS", "")))
    except ValueError:
        return 20.0
