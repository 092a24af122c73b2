"""What goes wrong between this computer and a server: one table, for every request.

A row tells people what happened; `reason` tells programs what follows from it. The words have no
places for values, so that they can be kept in a file and shown later in another language.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping

from setup_assistant.messages import Message, msg

_NO_RANGE = re.compile(r"bytes \*/([0-9]{1,18})(?![0-9])")
_DISK = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "no_space"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.EMFILE,
                     errno.EISDIR, errno.ENOTDIR, errno.EIO, errno.ELOOP, errno.EFBIG),
                    "not_writable"),
}  # fmt: skip
CAUSES = {
    "refused": msg("connection refused"),
    "reset": msg("connection reset by peer"),
    "no-network": msg("network is unreachable"),
    "no-route": msg("no route to host"),
    "name-unknown": msg("the host name cannot be resolved: no network, or no DNS"),
    "no-answer": msg("no answer in time"),
    "broken-off": msg("the connection broke off"),
    "no-address": msg("the address makes no sense"),
    "tls-broken": msg(
        "the encrypted connection was broken off: a firewall may block this address"
    ),
    "tls-absent": msg("it does not speak TLS: the address may begin with http://"),
    "certificate-expired": msg(
        "its certificate has expired, or this computer's clock is wrong"
    ),
    "certificate-early": msg(
        "its certificate is not valid yet: check this computer's clock"
    ),
    "certificate-authority": msg(
        "its certificate is not from a known authority: a proxy may open encrypted connections; "
        "set SSL_CERT_FILE to your organisation's certificates"
    ),
    "certificate-name": msg("its certificate does not belong to this address"),
    "certificate-refused": msg("its certificate is not trusted"),
    "proxy-login": msg("the proxy asks for a login: put it into HTTPS_PROXY"),
    "proxy-denied": msg("the proxy refused to connect to this address"),
    "proxy-refused": msg("the proxy refuses connections: it is not running, or its port is wrong"),
    "proxy-name-unknown": msg("the proxy's name cannot be resolved"),
    "proxy-no-answer": msg("the proxy did not answer in time"),
    "proxy-failed": msg("the connection through the proxy failed"),
    "login-page": msg("a login page answered in place of the server"),
    "http-401": msg("HTTP 401: the server asks for a login"),
    "http-403": msg("HTTP 403: the server forbids access"),
    "http-404": msg("HTTP 404: it is not there"),
    "http-429": msg("HTTP 429: too many requests"),
}  # fmt: skip
_BY_NUMBER = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.ENETUNREACH: "no-network",
    errno.EHOSTUNREACH: "no-route",
}
# OpenSSL's X509_V_ERR codes: 2, 18 to 21 no known issuer, 9 and 10 its time, 62 and 64 its name.
_BY_VERIFY_CODE = {
    2: "certificate-authority", 18: "certificate-authority", 19: "certificate-authority",
    20: "certificate-authority", 21: "certificate-authority", 9: "certificate-early",
    10: "certificate-expired", 62: "certificate-name", 64: "certificate-name",
}  # fmt: skip
_OF_PROXY = {
    "refused": "proxy-refused",
    "name-unknown": "proxy-name-unknown",
    "no-answer": "proxy-no-answer",
}
# What the library calls an address that is none.
_NO_ADDRESS = {"LocationParseError", "LocationValueError", "URLSchemeUnknown", "InvalidURL"}
# What trying again does not mend, nor anybody but the person.
_FINAL = ("certificate-", "proxy-login", "proxy-denied", "tls-absent")
# No server can mean longer than this (seconds): a year.
_LONGEST_WAIT = 366 * 86400.0


class WebError(Exception):
    """A request that failed.

    `cause` is a row of `CAUSES`, "" for what stands in none. `again` says whether another attempt
    may help, `retry_after` (seconds) when, `answered` whether the server itself said so, and
    `crowded` whether it may have refused because of how many connections there are.
    """

    def __init__(
        self,
        reason: str,
        detail: Message,
        *,
        cause: str = "",
        again: bool = False,
        retry_after: float | None = None,
        answered: bool = False,
        crowded: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {detail.english}")
        self.reason = reason
        self.detail = detail
        self.cause = cause
        self.again = again
        self.retry_after = retry_after
        self.answered = answered
        self.crowded = crowded


def explain(error: Exception) -> WebError:
    """Return what an error of the connection or the disk means; raises any other again."""
    import ssl

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
    return of_cause(_cause(chain, names))


def of_cause(cause: str) -> WebError:
    """Return the error for a row of the table."""
    if cause == "no-address":
        return WebError("broken", CAUSES[cause], cause=cause)
    reason = "broken" if cause in ("proxy-login", "proxy-denied") else "unreachable"
    return WebError(reason, CAUSES[cause], cause=cause, again=not cause.startswith(_FINAL))


def refusal(status: int, headers: Mapping[str, str], *, own: bool) -> WebError:
    """Return what a status that is no success means; `own`: from the server that was asked."""
    cause = f"http-{status}"
    detail = CAUSES.get(cause) or msg("HTTP {status}", status=status)
    if status == 416:
        size = _NO_RANGE.match(headers.get("Content-Range", ""))
        return WebError("range", msg("{size}", size=int(size[1]) if size else None), again=True)
    if status == 407:
        return of_cause("proxy-login")
    if status in (401, 403) and own:
        return WebError("denied", detail, cause=cause, answered=True)
    if status in (404, 410):
        return WebError("not_found", detail, cause=cause, answered=True)
    # 401 and 403 elsewhere: a signed address that has expired; the hub gives a new one.
    # Below 200: an announcement that the library takes for the answer.
    again = not own or status >= 500 or status < 200 or status in (408, 425, 429)
    return WebError(
        "unreachable" if again else "broken",
        detail,
        cause=cause if cause in CAUSES else "",
        again=again,
        retry_after=_wait(headers),
        answered=True,
        crowded=status == 429,
    )


def of_proxy(cause: str) -> str:
    """Return the row for a failure on the way to the proxy itself."""
    return _OF_PROXY.get(cause, "proxy-failed")


def of_line(error: Exception) -> str:
    """Return the row for a failure of the bare line: names, routes, ports, time."""
    chain = _chain(error)
    return _of_line(chain, {kind.__name__ for link in chain for kind in type(link).__mro__})


def _cause(chain: list[BaseException], names: set[str]) -> str:
    if names & _NO_ADDRESS:
        return "no-address"
    if tunnel := re.search(r"Tunnel connection failed: (\d+)", " ".join(map(str, chain))):
        return "proxy-login" if tunnel[1] == "407" else "proxy-denied"
    secured = _of_tls(chain, names)
    if secured:
        return secured
    found = _of_line(chain, names)
    return of_proxy(found) if "ProxyError" in names else found


def _of_tls(chain: list[BaseException], names: set[str]) -> str:
    """Return the row for a failure of TLS; "" where it is none."""
    import ssl

    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            return _BY_VERIFY_CODE.get(link.verify_code, "certificate-refused")
    if "CertificateError" in names:
        # The library's own comparison of names.
        return "certificate-name"
    errors = [e for e in chain if isinstance(e, ssl.SSLError)]
    if not errors or any(isinstance(e, TimeoutError) for e in chain):
        return ""
    plain = any(e.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST") for e in errors)
    return "tls-absent" if plain else "tls-broken"


def _of_line(chain: list[BaseException], names: set[str]) -> str:
    import socket

    if "NameResolutionError" in names or any(isinstance(e, socket.gaierror) for e in chain):
        return "name-unknown"
    numbers = [e.errno for e in chain if isinstance(e, OSError) and e.errno in _BY_NUMBER]
    if numbers:
        return _BY_NUMBER[numbers[-1]]
    if any(isinstance(e, TimeoutError) for e in chain) or "TimeoutError" in names:
        return "no-answer"
    return "broken-off"


def _chain(error: BaseException) -> list[BaseException]:
    """Return an error and all that led to it, the outermost first."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        link = waiting.pop(0)
        if isinstance(link, BaseException) and link not in found:
            found.append(link)
            # urllib3 keeps the cause among the arguments, or as `reason`.
            waiting += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return found


def _wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of Retry-After; None for none, or a time that has passed.

    It may also be a date: then the server's own clock counts, not ours.
    """
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value):
        return min(float(value), _LONGEST_WAIT) or None
    until = _moment(value)
    if until is None:
        return None
    from time import time

    now = _moment(headers.get("Date", "").strip())
    seconds = until - (time() if now is None else now)
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else None


def _moment(text: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
