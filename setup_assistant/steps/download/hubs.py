"""How each kind of hub lists a model's files, and where it keeps them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote, urljoin, urlsplit

from setup_assistant.host.http import Http, WebError
from setup_assistant.host.tokens import HUGGING_FACE, MODELSCOPE, belongs
from setup_assistant.messages import msg
from setup_assistant.steps.download.hub_listing import Tree, ask, no_hub
from setup_assistant.steps.download.webfolder import WebFolder

_MOST_PAGES = 1000


class Hub(Protocol):
    """One kind of hub. Entries have the form of the ModelScope API: Path, Size, Sha256, Type."""

    @property
    def base(self) -> str:
        """Its address."""

    @property
    def token(self) -> str:
        """Whose token it wants: a hub of `host.tokens`, "" for none."""

    def entries(self, http: Http, model: str) -> list[Any]:
        """Return what the hub lists, unchecked; raises `WebError`."""

    def url(self, model: str, path: str) -> str:
        """Return a file's address."""


@dataclass(frozen=True)
class ModelScopeHub:
    """A hub that speaks ModelScope's API; without a revision, its usual one."""

    base: str
    revision: str = ""
    token: str = MODELSCOPE

    def entries(self, http: Http, model: str) -> list[Any]:
        """One request, or as many as it takes to see all."""
        return Tree(http, self.base, model, self.revision or "master").entries()

    def url(self, model: str, path: str) -> str:
        """Under the API too."""
        revision = quote(self.revision or "master", safe="")
        asked = f"Revision={revision}&FilePath={quote(path, safe='')}"
        return f"{self.base}/api/v1/models/{quote(model)}/repo?{asked}"


@dataclass(frozen=True)
class HuggingFaceHub:
    """Hugging Face, or a mirror of it; only large files have a sha256 there."""

    base: str
    revision: str = ""
    token: str = HUGGING_FACE

    def entries(self, http: Http, model: str) -> list[Any]:
        """One request per page."""
        found: list[Any] = []
        revision = quote(self.revision or "main", safe="")
        url = f"{self.base}/api/models/{quote(model)}/tree/{revision}?recursive=true"
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
        raise WebError("too_large", msg("the response is too large"))

    def url(self, model: str, path: str) -> str:
        """The address of the file itself, not of its pointer."""
        revision = quote(self.revision or "main", safe="")
        return f"{self.base}/{quote(model)}/resolve/{revision}/{quote(path)}"


class Address:
    """An address that the person gave: a hub of either kind, or a folder with one model."""

    def __init__(self, base: str, revision: str = "") -> None:
        self.base = base
        kinds: tuple[Hub, ...] = (ModelScopeHub(base, revision), HuggingFaceHub(base, revision))
        # One that asks who we are is asked as what the person's own variable says that it is.
        kinds = tuple(sorted(kinds, key=lambda kind: not belongs(kind.token, base)))
        # A folder has one state only.
        self._kinds = kinds if revision else (*kinds, WebFolder(base))
        self._hub = kinds[0]

    @property
    def token(self) -> str:
        """That of the kind which answered."""
        return self._hub.token

    def entries(self, http: Http, model: str) -> list[Any]:
        """Ask as of a hub of either kind, then as of a folder."""
        refusals: list[WebError] = []
        for kind in self._kinds:
            self._hub = kind
            http.keys = replace(http.keys, hub=kind.token)
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


def _of_tree(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    large = entry.get("lfs")
    digest = large.get("oid") if isinstance(large, dict) else None
    # Of a large file it is the id of its pointer.
    blob = None if large else entry.get("oid")
    return {
        "Path": entry.get("path"),
        "Size": entry.get("size"),
        "Sha256": digest.removeprefix("sha256:") if isinstance(digest, str) else digest,
        "Revision": entry.get("oid"),
        "GitBlob": blob,
        "Type": "tree" if entry.get("type") == "directory" else "blob",
    }


def _next(link: str, url: str) -> str | None:
    for part in link.split(","):
        address, _semicolon, relation = part.partition(";")
        if 'rel="next"' in relation:
            return urljoin(url, address.strip().strip("<>"))
    return None
