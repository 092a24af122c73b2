"""The one door for what identifies the person: which token, and which host may see it.

A token is for its own hub, or for the host that the person named in the hub's own variable
(MODELSCOPE_ENDPOINT, HF_ENDPOINT), and travels encrypted or not at all: over plain http only to
this computer, or to an address that the person wrote out with http:// in --token-to. A name and
password in an address are for that address, those of a netrc file for that host. Nothing is sent
to a host to which another one redirected; `Http` asks only for the host that was asked first.
"""

from __future__ import annotations

import ipaddress
import os
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from setup_assistant.host.connections import Address, address_of, proxy_of
from setup_assistant.host.http_errors import WebError, of_cause

# Further hosts that the person allows, as --token-to does: separated by blanks or commas.
VARIABLE = "SETUP_ASSISTANT_TOKEN_TO"


@dataclass(frozen=True)
class Hub:
    """Whose token it is: the variables of the token and of the hub's address, its own hosts."""

    token: str
    endpoint: str
    hosts: tuple[str, ...]
    cookie: str = ""


MODELSCOPE, HUGGING_FACE = "modelscope", "huggingface"
HUBS = {
    MODELSCOPE: Hub(
        "MODELSCOPE_API_TOKEN",
        "MODELSCOPE_ENDPOINT",
        ("modelscope.cn", "www.modelscope.cn", "modelscope.ai", "www.modelscope.ai"),
        # Parts of the API want the header, others this.
        cookie="m_session_id",
    ),
    HUGGING_FACE: Hub("HF_TOKEN", "HF_ENDPOINT", ("huggingface.co",)),
}


@dataclass(frozen=True)
class Keys:
    """What may be shown to whom.

    `hub` says whose token, "" for none; `logins` are headers for single addresses, and `netrc`
    whether that file counts.
    """

    hub: str = ""
    logins: Mapping[Address, str] = field(default_factory=dict, repr=False)
    netrc: bool = False

    def headers(self, url: str) -> dict[str, str]:
        """Return the headers that say to the host of `url` who asks; mostly none."""
        address = address_of(url)
        if login := self.logins.get(address):
            return {"Authorization": login}
        token = self._token()
        if token and self._may_see_token(url):
            cookie = HUBS[self.hub].cookie
            bearer = {"Authorization": f"Bearer {token}"}
            return bearer | ({"Cookie": f"{cookie}={token}"} if cookie else {})
        login = _from_netrc(address[1] or "") if self.netrc and _is_private(url) else ""
        return {"Authorization": login} if login else {}

    def withheld(self, url: str) -> bool:
        """Whether there is a token that the host of `url` is not shown."""
        return bool(self._token()) and not self.headers(url)

    @property
    def variable(self) -> str:
        """The environment variable of the token."""
        return HUBS[self.hub].token if self.hub else ""

    def _token(self) -> str:
        token = os.environ.get(self.variable, "").strip() if self.hub else ""
        # What no header can hold is no token.
        return token if re.fullmatch(r"[\x21-\x7e]+", token) else ""

    def _may_see_token(self, url: str) -> bool:
        if address_of(url) in _addresses(os.environ.get(VARIABLE, "")):
            return True
        return belongs(self.hub, url) and _is_private(url)


def belongs(hub: str, url: str) -> bool:
    """Whether an address is a hub's own, or the one that the person set for it."""
    own: list[Address] = [("https", host, 443) for host in HUBS[hub].hosts]
    return address_of(url) in (*own, *_addresses(os.environ.get(HUBS[hub].endpoint, "")))


def allow(texts: Iterable[str]) -> None:
    """Let further addresses see the token, in this process and in those that it starts.

    Raises:
        WebError: for what is no address.
    """
    given = list(texts)
    addresses(given)
    os.environ[VARIABLE] = " ".join([os.environ.get(VARIABLE, ""), *given]).strip()


def flags() -> list[str]:
    """Return the options that allow the same again."""
    words = re.split(r"[\s,]+", os.environ.get(VARIABLE, "").strip())
    return [part for word in words if word for part in ("--token-to", word)]


def addresses(texts: Iterable[str]) -> tuple[Address, ...]:
    """Return the addresses of `--token-to`: HOST and HOST:PORT mean https.

    Raises:
        WebError: for what is no address.
    """
    found = [address_of(t if "://" in t else f"https://{t}") for t in texts]
    for scheme, host, _port in found:
        if scheme not in ("http", "https") or not host:
            raise of_cause("no-address")
    return tuple(found)


def split_login(url: str) -> tuple[str, dict[Address, str]]:
    """Return an address without the name and password in it, and the header that says them."""
    parts = urlsplit(url)
    login, at, place = parts.netloc.rpartition("@")
    if not at:
        return url, {}
    bare = parts._replace(netloc=place).geturl()
    return bare, {address_of(bare): _basic(unquote(login))}


def logins(urls: Iterable[str]) -> dict[Address, str]:
    """Return the logins that stand in addresses, each for its own."""
    found: dict[Address, str] = {}
    for url in urls:
        try:
            found = {**split_login(url)[1], **found}
        except (ValueError, WebError):
            continue
    return found


def _basic(login: str) -> str:
    name, _colon, password = login.partition(":")
    return f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"


def _addresses(text: str) -> tuple[Address, ...]:
    """Return the addresses in a variable; what is none of them is left out."""
    found: list[Address] = []
    for word in re.split(r"[\s,]+", text.strip()):
        try:
            found += addresses([word]) if word else ()
        except WebError:
            continue
    return tuple(found)


def _is_private(url: str) -> bool:
    """Whether nobody on the way can read the request: encrypted, or never leaving this computer."""
    scheme, host, _port = address_of(url)
    if scheme == "https":
        return True
    return is_loopback(host or "") and proxy_of(url) is None


def is_loopback(host: str) -> bool:
    """Whether a host is this computer."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _from_netrc(host: str) -> str:
    """Return the login that the person's netrc file has for just this host; "" for none."""
    import netrc

    path = Path(os.environ.get("NETRC") or Path.home() / ".netrc")
    try:
        found = netrc.netrc(str(path)).hosts.get(host)
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
        return ""
    # "default" is the entry for all hosts: for none in particular.
    if not found or not found[2] or host == "default":
        return ""
    return _basic(f"{found[0]}:{found[2]}")
