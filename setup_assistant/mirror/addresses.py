"""The addresses under which other machines reach a server here."""

from __future__ import annotations

import ipaddress
import socket

EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - recognised, never the default


def addresses(host: str, port: int) -> list[str]:
    """Return the addresses to use for a server that listens on `host`.

    Of one that listens on every network, that is one for each address of this machine; this
    machine's own comes last.
    """
    if host not in EVERYWHERE:
        return [_shown(host, port)]
    return [_shown(found, port) for found in _own(six=host == "::")] or [_shown("127.0.0.1", port)]


def _shown(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _own(*, six: bool) -> list[str]:
    import psutil

    families = (socket.AF_INET, socket.AF_INET6) if six else (socket.AF_INET,)
    try:
        said = [a for found in psutil.net_if_addrs().values() for a in found]
    except OSError:
        return []
    found = [ipaddress.ip_address(a.address.partition("%")[0]) for a in said
             if a.family in families]  # fmt: skip
    # One that holds on one wire only needs its interface said as well.
    use = [a for a in found if not a.is_link_local]
    return [str(a) for a in sorted(use, key=lambda a: (a.is_loopback, a.version))]
