"""Is a page there, how fast, and if not, why not: the same words as for every other request."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from setup_assistant.host import clock, log
from setup_assistant.host.http import Body, Http
from setup_assistant.host.http_errors import CAUSES, WebError, explain, of_line, of_proxy
from setup_assistant.messages import Message

_READ_BYTES = 1 << 16
# What is fetched to measure a source, and the seconds that it may take: a slow line is judged
# by what came until then. Less than the least says more about the server than about the line.
_SAMPLE_BYTES, _SAMPLE_SECONDS, _LEAST_SAMPLE = 1 << 19, 1.5, 1 << 15
_PORTS = {"https": 443, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True)
class Answer:
    """What a visit gave: seconds to the first byte (None where no page came), why not.

    `cause` is a row of `http_errors.CAUSES`, "" for other reasons; `whole` tells that the page
    ended within the little that was read of it.
    """

    ok: bool
    seconds: float | None
    reason: Message | None = None
    cause: str = ""
    whole: bool = False


def probe_url(url: str, timeout: float) -> Answer:
    """Visit `url` for at most `timeout` seconds per wait, and say what came of it."""
    started = clock.monotonic()
    http = Http(silence=timeout, connect=timeout)
    try:
        body = http.get(url)
        seconds = clock.monotonic() - started
        whole = _read(body) < _READ_BYTES
    except Exception as error:  # noqa: BLE001 - anything the network or a proxy may do
        log.debug("http: %s: %r", url, error)
        found = _told(error)
        return Answer(False, None, found.detail, found.cause)
    finally:
        http.close()
    if _is_login(url, body):
        return Answer(False, seconds, CAUSES["login-page"], "login-page")
    return Answer(True, seconds, whole=whole)


def speed_of(url: str, timeout: float) -> float | None:
    """Return the bytes per second in which the first part of a page comes.

    It is a lower bound: a connection is slow in the beginning, and others may be measured at
    the same time. None where too little came to tell.

    Args:
        url: a page or file of some 100 KB or more.
        timeout: seconds after which nothing is waited for.
    """
    ends = clock.monotonic() + timeout
    came, started = 0, clock.monotonic()
    http = Http(silence=timeout, connect=timeout)
    try:
        body = http.get(url, (0, _SAMPLE_BYTES - 1))
        started = clock.monotonic()
        stop = min(ends, started + _SAMPLE_SECONDS)
        for block in body.blocks():
            came += len(block)
            if came >= _SAMPLE_BYTES or clock.monotonic() >= stop:
                break
        body.close()
    except Exception as error:  # noqa: BLE001 - what came before it counts
        log.debug("http: %s: %r", url, error)
    finally:
        http.close()
    if came < _LEAST_SAMPLE:
        return None
    return came / max(1e-4, clock.monotonic() - started)


def why_unreachable(address: str, timeout: float = 1.5) -> Message | None:
    """Return why no proxy answers at `address` (URL or host:port), or None where it connects."""
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = parts.port or _PORTS.get(parts.scheme, 80)
        socket.create_connection((parts.hostname or "", port), timeout).close()
    except ValueError:
        return CAUSES["proxy-refused"]
    except OSError as error:
        return CAUSES[of_proxy(of_line(error))]
    return None


def _read(body: Body) -> int:
    """Return how much of the little that is looked at there was."""
    came = 0
    for block in body.blocks():
        came += len(block)
        if came >= _READ_BYTES:
            break
    body.close()
    return came


def _told(error: Exception) -> WebError:
    try:
        return explain(error)
    except Exception:  # noqa: BLE001 - what no table knows
        return WebError("unreachable", CAUSES["broken-off"], cause="broken-off")


def _is_login(url: str, body: Body) -> bool:
    """Whether a captive portal answered: another host, and a web page where data was asked."""
    asked, came = urlsplit(url).hostname, urlsplit(body.url).hostname
    return asked != came and body.is_page and not url.endswith("/")
