"""What goes wrong between us and a hub: a reason for programs, a detail for people."""

from __future__ import annotations

import errno
import os
import re
import socket
import ssl
from collections.abc import Mapping

from setup_assistant.messages import Message, msg

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
# What the library calls an address that is none.
_NO_ADDRESS = {"LocationParseError", "LocationValueError", "URLSchemeUnknown", "InvalidURL"}


class WebError(Exception):
    """A request that failed.

    `again` says whether another attempt may help, `retry_after` (seconds) when, `answered` whether
    the server itself said so, and `crowded` whether it may have refused because of how many
    connections there are.
    """

    def __init__(
        self,
        reason: str,
        detail: Message,
        *,
        again: bool = False,
        retry_after: float | None = None,
        answered: bool = False,
        crowded: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {detail.english}")
        self.reason = reason
        self.detail = detail
        self.again = again
        self.retry_after = retry_after
        self.answered = answered
        self.crowded = crowded


def explain(error: Exception) -> WebError:
    """Return what an error of the connection or the disk means; raises any other again."""
    if isinstance(error, WebError):
        return error
    chain = _chain(error)
    for link in chain:
        # A refused certificate is an OSError too, whose number is that of EPERM.
        if isinstance(link, OSError) and link.errno in _DISK and not isinstance(link, ssl.SSLError):
            detail = msg("{detail}", detail=os.strerror(link.errno))
            return WebError(_DISK[link.errno], detail)
    names = {kind.__name__ for link in chain for kind in type(link).__mro__}
    if not names & {"OSError", "HTTPError", "HTTPException"}:
        raise error
    if names & _NO_ADDRESS:
        return no_address()
    if "Tunnel connection failed: 407" in str(error):
        return WebError("broken", msg("the proxy asks for a login: put it into HTTPS_PROXY"))
    refused = any(isinstance(e, ssl.SSLCertVerificationError) for e in chain)
    return WebError("unreachable", _detail(chain, names), again=not refused)


def no_address() -> WebError:
    """Return the error for an address that is none."""
    return WebError("broken", msg("the address makes no sense"))


def refusal(status: int, headers: Mapping[str, str], *, own: bool) -> WebError:
    """Return what a status that is no success means; `own`: from the hub itself."""
    detail = msg("HTTP {status}", status=status)
    if status == 416:
        size = _NO_RANGE.match(headers.get("Content-Range", ""))
        return WebError("range", msg("{size}", size=int(size[1]) if size else None), again=True)
    if status == 407:
        return WebError("broken", msg("the proxy asks for a login: put it into HTTPS_PROXY"))
    if status in (401, 403) and own:
        return WebError("denied", detail)
    if status in (404, 410) and own:
        return WebError("not_found", detail)
    # 401, 403 and 404 elsewhere: a signed address that has expired; the hub gives a new one.
    again = not own or status >= 500 or status in (408, 425, 429)
    return WebError(
        "unreachable" if again else "broken",
        detail,
        again=again,
        retry_after=_wait(headers),
        answered=True,
        crowded=status == 429,
    )


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


def _wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of Retry-After; None for none, or a time that has passed.

    It may also be a date: then the server's own clock counts, not ours.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value) or None
    until = _moment(value)
    if until is None:
        return None
    from time import time

    now = _moment(headers.get("Date", "").strip())
    seconds = until - (time() if now is None else now)
    return seconds if seconds > 0 else None


def _moment(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError):
        return None
