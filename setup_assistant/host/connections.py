"""How a request leaves: through which proxy, and trusting which certificates.

Honours HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, and SSL_CERT_FILE, PIP_CERT,
REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and pip's own `cert`.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from setup_assistant.host.http_errors import WebError, of_cause
from setup_assistant.host.pip_settings import pip_settings
from setup_assistant.messages import msg

CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
CONNECT_SECONDS = 10.0

Address = tuple[str, str | None, int]


def address_of(url: str) -> Address:
    """Return scheme, host and port; raises `WebError` for what has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise of_cause("no-address") from error
    return parts.scheme, parts.hostname, port


def proxy_of(url: str) -> str | None:
    """Return the proxy that `url` is fetched through, or None."""
    # 20 ms: only where a request is made.
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def certificates() -> str | None:
    """Return the person's own certificate file, if one is named and there."""
    for name in CERTIFICATE_VARIABLES:
        path = os.environ.get(name)
        if path and Path(path).is_file():
            return path
    return pip_settings().get("cert")


def manager(proxy: str | None, *, silence: float, connections: int, connect: float) -> Any:  # noqa: ANN401 - the library is loaded late
    """Return the library's pools of connections: direct ones, or those through a proxy.

    Raises:
        WebError: a SOCKS proxy without the package for it, or certificates that cannot be read.
    """
    import urllib3

    settings: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=connect, read=silence),
        "maxsize": connections,
        "ssl_context": _context(certificates()),
    }
    if not proxy:
        return urllib3.PoolManager(**settings)
    address = proxy if "://" in proxy else f"http://{proxy}"
    if address.lower().startswith("socks"):
        return _through_socks(address, settings)
    login = urllib3.util.parse_url(address).auth
    if login:
        settings["proxy_headers"] = urllib3.make_headers(proxy_basic_auth=unquote(login))
    return urllib3.ProxyManager(address, **settings)


@functools.cache
def _context(cafile: str | None) -> Any:  # noqa: ANN401
    """Loading the certificates costs 20 ms of processor: once for a file, not once an address."""
    import ssl

    try:
        return ssl.create_default_context(cafile=cafile)
    except (OSError, ssl.SSLError) as error:
        detail = msg("the certificates in {path} cannot be read", path=str(cafile))
        raise WebError("broken", detail) from error


def _through_socks(address: str, settings: dict[str, Any]) -> Any:  # noqa: ANN401
    from importlib.util import find_spec

    if find_spec("socks") is None:
        raise WebError(
            "broken",
            msg("a SOCKS proxy needs the package PySocks beside this tool; an HTTP proxy does not"),
        )
    from urllib3.contrib.socks import SOCKSProxyManager

    return SOCKSProxyManager(address, **settings)
