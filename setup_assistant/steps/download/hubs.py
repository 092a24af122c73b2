"""How each kind of hub lists a model's files, and where it keeps them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urljoin, urlsplit

from setup_assistant.host import clock
from setup_assistant.host.http import Http, WebError
from setup_assistant.words import msg

# A listing of 100 000 files has about this many bytes.
_LISTING_BYTES = 32 << 20
_INDEX_BYTES = 8 << 20
_ATTEMPTS = 4
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
_MOST_PAGES = 1000
# The files of a model that no index names; a plain web folder may have any of them.
_USUAL = (
    "added_tokens.json", "chat_template.jinja", "chat_template.json", "config.json",
    "configuration.json", "generation_config.json", "merges.txt", "preprocessor_config.json",
    "processor_config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
    "video_preprocessor_config.json", "vocab.json", "LICENSE", "README.md",
)  # fmt: skip
_INDEX = "model.safetensors.index.json"


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
        """One request."""
        url = f"{self.base}/api/v1/models/{quote(model)}/repo/files?Revision=master&Recursive=True"
        data = _object(ask(http, url)).get("Data")
        found = data.get("Files") if isinstance(data, dict) else data
        if not isinstance(found, list):
            raise _no_hub()
        return found

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
                raise _no_hub()
            found += [_of_tree(e) for e in listed]
            following = _next(headers.get("Link", ""), url)
            if not following:
                return found
            if urlsplit(following)[:2] != urlsplit(url)[:2]:
                raise _no_hub()
            url = following
        raise WebError("too_large", msg("the answer has no end"))

    def url(self, model: str, path: str) -> str:
        """The address of the file itself, not of its pointer."""
        return f"{self.base}/{quote(model)}/resolve/main/{quote(path)}"


@dataclass(frozen=True)
class WebFolder:
    """A plain folder on the web that holds the files of one model.

    Where this tool filled the folder, its record names the files and their sums; else the
    model's own index names the shards, and the usual names are asked for one by one.
    """

    base: str
    variable: str = ""

    def secrets(self) -> dict[str, str]:
        """None."""
        return {}

    def entries(self, http: Http, model: str) -> list[Any]:  # noqa: ARG002 - one model only
        """One request for the record, or one for each name."""
        try:
            record = _object(ask(http, self.url("", ".setup-assistant.json"), limit=_LISTING_BYTES))
            return [_of_record(e) for e in record["files"]]
        except (WebError, KeyError, TypeError) as error:
            if isinstance(error, WebError) and error.reason != "not_found":
                raise
        names = {*_USUAL, _INDEX, "model.safetensors"}
        try:
            index = _object(ask(http, self.url("", _INDEX), limit=_INDEX_BYTES))
            shards = index.get("weight_map")
            names |= {str(s) for s in shards.values()} if isinstance(shards, dict) else set()
        except WebError as error:
            if error.reason != "not_found":
                raise
        sizes = {name: self._size(http, name) for name in sorted(names)}
        return [{"Path": n, "Size": s, "Type": "blob"} for n, s in sizes.items() if s is not None]

    def _size(self, http: Http, name: str) -> int | None:
        try:
            body = http.get(self.url("", name), method="HEAD")
        except WebError as error:
            if error.reason == "not_found":
                return None
            raise
        body.close()
        return None if body.is_page else body.total

    def url(self, model: str, path: str) -> str:  # noqa: ARG002 - one model only
        """Below the folder."""
        return f"{self.base.rstrip('/')}/{quote(path)}"


class Address:
    """An address that the person gave: a hub of ModelScope's kind, or a folder with one model."""

    variable = "MODELSCOPE_API_TOKEN"

    def __init__(self, base: str) -> None:
        self.base = base
        self._hub: ModelScopeHub | WebFolder = ModelScopeHub(base)

    def secrets(self) -> dict[str, str]:
        """The token of a hub."""
        return self._hub.secrets()

    def entries(self, http: Http, model: str) -> list[Any]:
        """Ask as of a hub, then as of a folder."""
        try:
            return ModelScopeHub(self.base).entries(http, model)
        except WebError as error:
            if error.reason not in ("not_found", "not_a_hub", "broken"):
                raise
        self._hub = WebFolder(self.base)
        return self._hub.entries(http, model)

    def url(self, model: str, path: str) -> str:
        """As the kind that answered has it."""
        return self._hub.url(model, path)


def ask(
    http: Http, url: str, headers: dict[str, str] | None = None, limit: int = _LISTING_BYTES
) -> Any:  # noqa: ANN401 - JSON value
    """Return the JSON at `url`, asking again where that may help; fills `headers`.

    Raises:
        WebError: `not_a_hub` for anything that is not JSON, and as `Http.get`.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            data, answered = http.read(url, limit)
        except WebError as error:
            if not error.again or attempt == _ATTEMPTS:
                raise
            pause = _FIRST_PAUSE * 2.0 ** (attempt - 1)
            clock.sleep(min(error.retry_after or pause, _LONGEST_PAUSE))
        else:
            break
    if headers is not None:
        headers.update(answered)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _no_hub() from error


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _no_hub()
    return value


def _no_hub() -> WebError:
    return WebError("not_a_hub", msg("the answer is not JSON of the right form"))


def _of_tree(entry: object) -> object:
    if not isinstance(entry, dict):
        return entry
    large = entry.get("lfs")
    digest = large.get("oid") if isinstance(large, dict) else None
    return {
        "Path": entry.get("path"),
        "Size": entry.get("size"),
        "Sha256": digest,
        "Revision": entry.get("oid"),
        "Type": "tree" if entry.get("type") == "directory" else "blob",
    }


def _of_record(entry: Any) -> object:  # noqa: ANN401 - JSON value
    return {"Path": entry["path"], "Size": entry["size"], "Sha256": entry["sha256"]}


def _next(link: str, url: str) -> str | None:
    for part in link.split(","):
        address, _semicolon, relation = part.partition(";")
        if 'rel="next"' in relation:
            return urljoin(url, address.strip().strip("<>"))
    return None
