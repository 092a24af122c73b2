"""How each kind of hub lists a model's files, and where it keeps them."""

from __future__ import annotations

import os
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, unquote, urljoin, urlsplit

from setup_assistant.host.http import Http, WebError
from setup_assistant.messages import msg
from setup_assistant.steps.download.hub_request import ask, no_hub
from setup_assistant.steps.download.tree import Tree
from setup_assistant.steps.download.webfolder import WebFolder

_MOST_PAGES = 1000


class Hub(Protocol):
    """One kind of hub. Entries have the form of the ModelScope API: Path, Size, Sha256, Type."""

    @property
    def base(self) -> str:
        """Its address."""

    @property
    def variable(self) -> str:
        """The environment variable of the person's token."""

    def secrets(self) -> dict[str, str]:
        """Return the headers that only the hub itself may see."""

    def entries(self, http: Http, model: str) -> list[Any]:
        """Return what the hub lists, unchecked; raises `WebError`."""

    def url(self, model: str, path: str) -> str:
        """Return a file's address."""


@dataclass(frozen=True)
class ModelScopeHub:
    """A hub that speaks ModelScope's API."""

    base: str
    variable: str = "MODELSCOPE_API_TOKEN"

    def secrets(self) -> dict[str, str]:
        """The token, as header and as cookie: parts of the API want one or the other."""
        token = os.environ.get(self.variable, "").strip()
        bearer = {"Authorization": f"Bearer {token}", "Cookie": f"m_session_id={token}"}
        return bearer if token else {}

    def entries(self, http: Http, model: str) -> list[Any]:
        """One request, or as many as it takes to see all."""
        return Tree(http, self.base, model).entries()

    def url(self, model: str, path: str) -> str:
        """Under the API too."""
        file = quote(path, safe="")
        return f"{self.base}/api/v1/models/{quote(model)}/repo?Revision=master&FilePath={file}"


@dataclass(frozen=True)
class HuggingFaceHub:
    """Hugging Face, or a mirror of it; only large files have a sha256 there."""

    base: str
    variable: str = "HF_TOKEN"

    def secrets(self) -> dict[str, str]:
        """The token."""
        token = os.environ.get(self.variable, "").strip()
        return {"Authorization": f"Bearer {token}"} if token else {}

    def entries(self, http: Http, model: str) -> list[Any]:
        """One request per page."""
        found: list[Any] = []
        url = f"{self.base}/api/models/{quote(model)}/tree/main?recursive=true"
        for _page in range(_MOST_PAGES):
            headers: dict[str, str] = {}
            listed = ask(http, url, headers)
            if not isinstance(listed, list):
                raise no_hub()
            found += [_of_tree(e) for e in listed]
            following = _next(headers.get("link", ""), url)
            if not following:
                return found
            if urlsplit(following)[:2] != urlsplit(url)[:2]:
                raise no_hub()
            url = following
        raise WebError("too_large", msg("the answer has no end"))

    def url(self, model: str, path: str) -> str:
        """The address of the file itself, not of its pointer."""
        return f"{self.base}/{quote(model)}/resolve/main/{quote(path)}"


class Address:
    """An address that the person gave: a hub of either kind, or a folder with one model."""

    variable = "MODELSCOPE_API_TOKEN"

    def __init__(self, base: str) -> None:
        # A name and password go into a header, not into the record and the messages.
        self.base, self._login = _without_login(base)
        self._hub: Hub = ModelScopeHub(self.base)

    def secrets(self) -> dict[str, str]:
        """The token of a hub, or the login in the address."""
        return {**self._hub.secrets(), **self._login}

    def entries(self, http: Http, model: str) -> list[Any]:
        """Ask as of a hub of either kind, then as of a folder."""
        kinds: tuple[Hub, ...] = (ModelScopeHub(self.base), HuggingFaceHub(self.base))
        refusals: list[WebError] = []
        for kind in (*kinds, WebFolder(self.base)):
            self._hub, self.variable = kind, kind.variable
            http.secrets = self.secrets()
            try:
                if found := kind.entries(http, model):
                    return found
            except WebError as error:
                refusals.append(error)
                if error.reason not in ("not_found", "not_a_hub", "broken"):
                    raise
        raise refusals[0] if refusals else no_hub()

    def url(self, model: str, path: str) -> str:
        """As the kind that answered has it."""
        return self._hub.url(model, path)


def _without_login(address: str) -> tuple[str, dict[str, str]]:
    """Return an address without the name and password in it, and the header that says them."""
    parts = urlsplit(address)
    login, at, place = parts.netloc.rpartition("@")
    if not at:
        return address, {}
    header = b64encode(unquote(login).encode()).decode()
    return parts._replace(netloc=place).geturl(), {"Authorization": f"Basic {header}"}


def _of_tree(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    large = entry.get("lfs")
    digest = large.get("oid") if isinstance(large, dict) else None
    return {
        "Path": entry.get("path"),
        "Size": entry.get("size"),
        "Sha256": digest.removeprefix("sha256:") if isinstance(digest, str) else digest,
        "Revision": entry.get("oid"),
        "Type": "tree" if entry.get("type") == "directory" else "blob",
    }


def _next(link: str, url: str) -> str | None:
    for part in link.split(","):
        address, _semicolon, relation = part.partition(";")
        if 'rel="next"' in relation:
            return urljoin(url, address.strip().strip("<>"))
    return None
