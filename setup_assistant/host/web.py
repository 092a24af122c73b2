"""The door to the web: is a page there, how fast, and if not, why not in plain words.

Honours the person's proxies (HTTP_PROXY, HTTPS_PROXY, NO_PROXY) and certificates
(SSL_CERT_FILE, REQUESTS_CA_BUNDLE, PIP_CERT, CURL_CA_BUNDLE).
"""

from __future__ import annotations

import functools
import os
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.host import clock, log
from setup_assistant.messages import Message, msg

CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_AGENT = "setup-assistant"
_THERE = range(200, 400)
_READ_BYTES = 1 << 16
# What is fetched to measure a source, and the seconds that it may take: a slow line is judged
# by what came until then. Less than the least says more about the server than about the line.
_SAMPLE_BYTES, _SAMPLE_SECONDS, _LEAST_SAMPLE = 1 << 19, 1.5, 1 << 15


@dataclass(frozen=True)
class Answer:
    """What a visit gave: seconds to the first byte (None where nothing answered), why not.

    `whole` tells that the page ended within the little that was read of it.
    """

    ok: bool
    seconds: float | None
    reason: Message | None = None
    whole: bool = False


def probe_url(url: str, timeout: float) -> Answer:
    """Visit `url` for at most `timeout` seconds per wait, and say what came of it.

    The reason is a constant sentence: dead proxy, no name, refused, TLS interception, timeout,
    login page, HTTP error.
    """
    started = clock.monotonic()
    try:
        # S310: the addresses are the recipes' and the person's own, http or https.
        request = urllib.request.Request(url, headers={"User-Agent": _AGENT})  # noqa: S310
        with _opener().open(request, timeout=timeout) as response:
            seconds = clock.monotonic() - started
            whole = len(response.read(_READ_BYTES)) < _READ_BYTES
            status, kind = response.status, response.headers.get("Content-Type", "")
            final = response.url
    except Exception as error:  # noqa: BLE001 - anything the network or a proxy may do
        log.debug("web: %s: %r", url, error)
        return Answer(False, None, _reason(error, url))
    if status not in _THERE:
        return Answer(False, seconds, msg("The server answered with an error."))
    if _is_login(url, final, kind):
        return Answer(False, seconds, msg("A login page answered in place of the server."))
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
    came = 0
    headers = {
        "User-Agent": _AGENT,
        "Range": f"bytes=0-{_SAMPLE_BYTES - 1}",
        "Accept-Encoding": "identity",
    }
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - as above
    started = clock.monotonic()
    try:
        with _opener().open(request, timeout=timeout) as response:
            started = clock.monotonic()
            stop = min(ends, started + _SAMPLE_SECONDS)
            while came < _SAMPLE_BYTES and clock.monotonic() < stop:
                part = response.read1(_READ_BYTES)
                if not part:
                    break
                came += len(part)
    except Exception as error:  # noqa: BLE001 - what came before it counts
        log.debug("web: %s: %r", url, error)
    if came < _LEAST_SAMPLE:
        return None
    return came / max(1e-4, clock.monotonic() - started)


def proxy_of(url: str) -> str | None:
    """Return the proxy that `url` is fetched through, or None."""
    parts = urllib.parse.urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def certificates() -> str | None:
    """Return the person's own certificate file, if one is named and there."""
    for name in CERTIFICATE_VARIABLES:
        path = os.environ.get(name)
        if path and Path(path).is_file():
            return path
    return None


@functools.cache
def _opener() -> urllib.request.OpenerDirector:
    # Loading the certificates costs 20 ms of CPU: once per run, not once per address.
    context = ssl.create_default_context(cafile=certificates())
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))


def _is_login(url: str, final: str, kind: str) -> bool:
    """Whether a captive portal answered: another host, and a web page where data was asked."""
    asked, came = urllib.parse.urlsplit(url).hostname, urllib.parse.urlsplit(final).hostname
    wants_page = url.endswith("/")
    return asked != came and "html" in kind and not wants_page


def _reason(error: BaseException, url: str) -> Message:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(error, urllib.error.HTTPError):
        return _of_status(error.code)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _of_certificate(cause)
    if isinstance(cause, ssl.SSLError):
        return msg("The encrypted connection was broken off: a firewall may block this address.")
    if "Tunnel connection failed" in str(cause):
        return msg("The proxy refused to connect to this address.")
    return _of_proxy(cause) if proxy_of(url) is not None else _of_line(cause)


def _of_line(cause: object) -> Message:
    if isinstance(cause, TimeoutError):
        return msg("No answer in time.")
    if isinstance(cause, socket.gaierror):
        return msg("The name cannot be resolved: no network, or no DNS.")
    if isinstance(cause, ConnectionRefusedError):
        return msg("The connection was refused.")
    return msg("The connection failed.")


def _of_proxy(cause: object) -> Message:
    if isinstance(cause, TimeoutError):
        return msg("The proxy did not answer in time.")
    if isinstance(cause, socket.gaierror):
        return msg("The proxy's name cannot be resolved.")
    if isinstance(cause, ConnectionRefusedError):
        return msg("The proxy refuses connections: it is not running, or its port is wrong.")
    return msg("The connection through the proxy failed.")


def _of_status(code: int) -> Message:
    known = {
        401: msg("The server asks for a login."),
        403: msg("The server forbids access."),
        404: msg("The page is not there."),
        407: msg("The proxy asks for a login."),
    }
    return known.get(code, msg("The server answered with an error."))


def _of_certificate(error: ssl.SSLCertVerificationError) -> Message:
    # OpenSSL's X509_V_ERR codes: 18 and 19 self-signed, 20 issuer unknown, 10 expired.
    if error.verify_code in (18, 19, 20, 21):
        return msg(
            "The certificate is not from a known authority: a proxy may open encrypted "
            "connections. Set SSL_CERT_FILE to your organisation's certificates."
        )
    if error.verify_code == 10:
        return msg("The certificate has expired; check this computer's clock.")
    return msg("The certificate does not belong to this address.")


def why_unreachable(address: str, timeout: float = 1.5) -> Message | None:
    """Return why nothing answers at `address` (URL or host:port), or None where it connects."""
    parts = urllib.parse.urlsplit(address if "://" in address else f"http://{address}")
    try:
        port = parts.port or {"https": 443, "socks5": 1080, "socks5h": 1080}.get(parts.scheme, 80)
        socket.create_connection((parts.hostname or "", port), timeout).close()
    except ValueError:
        return msg("The proxy refuses connections: it is not running, or its port is wrong.")
    except OSError as error:
        return _of_proxy(error)
    return None
