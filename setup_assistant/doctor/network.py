"""The network: proxies that live, certificates that are known, names that resolve."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.host.http_errors import CAUSES
from setup_assistant.messages import Message, msg

if TYPE_CHECKING:
    from setup_assistant.machine.facts import Source

layer = Layered("network")
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
# As in host.connections.
_CERTIFICATES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def _bad(case: Case, *causes: str) -> list[Source]:
    """Return the sources that did not answer for one of these reasons."""
    words = {CAUSES[cause].english for cause in causes}
    return [s for s in case.machine.sources if s.reason in words]


def _said(bad: Sequence[Source]) -> list[tuple[str, Message]]:
    """Return what was said of each source, to be shown in the language in use."""
    return [(s.url, Message(s.reason or "?")) for s in bad[:3]]


@layer.check(
    "certificate-file",
    cause=msg("{variable} names a certificate file that is not there: {path}"),
    advice=msg("Correct the path, or take the variable away."),
    own_shell=True,
)
def certificate_file(case: Case) -> Trouble | NotHere | None:
    """Look for the files that the certificate variables name."""
    named = [(n, case.variables[n]) for n in _CERTIFICATES if case.variables.get(n)]
    if not named:
        return NOT_HERE
    for variable, value in named:
        path = Path(value).expanduser()
        if not path.exists():
            return trouble((variable, value), (path, msg("absent")), variable=variable, path=value,
                           commands=(f"unset {variable}",))  # fmt: skip
        if path.is_file() and b"-----BEGIN" not in path.read_bytes():
            return trouble((path, msg("no certificate inside")), variable=variable, path=value,
                           commands=(f"unset {variable}",))  # fmt: skip
    return None


@layer.check(
    "proxy-dead",
    cause=msg("{variable} names a proxy that does not answer: {proxy}"),
    advice=msg("Start the proxy, correct the variable, or take it away."),
    own_shell=True,
)
def proxy_dead(case: Case) -> Trouble | NotHere | None:
    """Open a connection to every proxy that the variables name."""
    named = {case.variables[n]: n for n in reversed(_PROXIES) if case.variables.get(n)}
    if not named:
        return NOT_HERE
    from setup_assistant.host.http_probe import why_unreachable
    from setup_assistant.host.secrets import redact

    for value, variable in named.items():
        reason = why_unreachable(value)
        if reason:
            return trouble((variable, redact(value)), (msg("connecting"), reason),
                           variable=variable, proxy=redact(value),
                           commands=(f"unset {variable}",))  # fmt: skip
    return None


@layer.check(
    "tls-intercepted",
    cause=msg("Something opens encrypted connections on their way: its certificate is unknown."),
    advice=msg("Name your organisation's certificates: export SSL_CERT_FILE=FILE (also PIP_CERT "
               "and REQUESTS_CA_BUNDLE)."),
    needs=("proxy-dead", "certificate-file"),
    own_shell=True,
)  # fmt: skip
def tls_intercepted(case: Case) -> Trouble | NotHere | None:
    """Look for sources whose certificate no known authority has signed."""
    if not case.machine.sources:
        return NOT_HERE
    bad = _bad(case, "certificate-authority")
    if not bad:
        return None
    commands = tuple(f"export {n}=FILE" for n in ("SSL_CERT_FILE", "PIP_CERT",
                                                  "REQUESTS_CA_BUNDLE"))  # fmt: skip
    return trouble(*_said(bad), commands=commands)


@layer.check(
    "clock-wrong",
    cause=msg("Certificates count as expired: this computer's clock is most likely wrong."),
    advice=msg("Set the clock."),
    needs=("proxy-dead",),
    root=True,
)
def clock_wrong(case: Case) -> Trouble | NotHere | None:
    """Look for sources whose certificate is out of date."""
    bad = _bad(case, "certificate-expired", "certificate-early")
    if not case.machine.sources:
        return NOT_HERE
    return (
        trouble(*_said(bad), confidence="inferred",
                commands=("sudo timedatectl set-ntp true",))
        if bad
        else None
    )  # fmt: skip


@layer.check(
    "proxy-login",
    cause=msg("The proxy asks for a login, or refuses these addresses."),
    advice=msg("Give user and password in the proxy's address, or ask for access."),
    needs=("proxy-dead",),
    own_shell=True,
)
def proxy_login(case: Case) -> Trouble | NotHere | None:
    """Look for proxies that answer but do not connect."""
    if not case.machine.sources or not any(case.variables.get(n) for n in _PROXIES):
        return NOT_HERE
    bad = _bad(case, "proxy-login", "proxy-denied")
    if not bad or any(s.reachable for s in case.machine.sources):
        return None
    return trouble(*_said(bad))


@layer.check(
    "captive-portal",
    cause=msg("A login page answers in place of the sources."),
    advice=msg("Open a browser and log in to the network."),
    needs=("proxy-dead",),
)
def captive_portal(case: Case) -> Trouble | NotHere | None:
    """Look for web pages where data was asked."""
    if not case.machine.sources:
        return NOT_HERE
    bad = _bad(case, "login-page")
    return trouble(*_said(bad)) if bad else None


@layer.check(
    "no-network",
    cause=msg("No source of packages or weights can be reached."),
    advice=msg("What is installed works without; to install, connect, or copy the folders here."),
    needs=("proxy-dead", "tls-intercepted", "proxy-login", "captive-portal", "certificate-file"),
)
def no_network(case: Case) -> Trouble | NotHere | None:
    """Look whether anything answers at all; a whole environment needs nobody."""
    sources = case.machine.sources
    if not sources:
        return NOT_HERE
    if any(s.reachable for s in sources):
        return None
    reasons = dict.fromkeys(s.reason or "?" for s in sources)
    return trouble(*((msg("sources"), Message(r)) for r in list(reasons)[:3]), status="warn")


CHECKS = tuple(layer.checks)
