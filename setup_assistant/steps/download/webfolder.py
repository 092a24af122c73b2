"""A plain folder on the web as a hub: what it holds, however it says so.

Where this tool filled the folder, its record names the files and their sums. Else SHA256SUMS
names them, or the page that web servers make of a folder; else the model's own index names the
shards, and the usual names are asked for one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from setup_assistant.host.http import Http, WebError
from setup_assistant.host.transfer import small
from setup_assistant.messages import msg
from setup_assistant.steps.download.hub_listing import LISTING_BYTES, as_object, ask, ask_bytes
from setup_assistant.weights.listing import MOST_FILES, path_fault

# The files of a model that no index names; a plain web folder may have any of them.
_USUAL = (
    "added_tokens.json", "chat_template.jinja", "chat_template.json", "config.json",
    "configuration.json", "generation_config.json", "merges.txt", "preprocessor_config.json",
    "processor_config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json",
    "video_preprocessor_config.json", "vocab.json", "LICENSE", "README.md",
)  # fmt: skip
_INDEX = "model.safetensors.index.json"
_SUMS = ("SHA256SUMS", "SHA256SUMS.txt", "sha256sums.txt", "sha256sum.txt")
# As sha256sum writes it; `*` marks a binary file.
_SUM = re.compile(r"\\?([0-9a-fA-F]{64}) [ *](?:\./)?(.+)")
_INDEX_BYTES = 8 << 20
_MOST_PAGES, _DEEPEST = 500, 8
_ASKERS = 4


@dataclass(frozen=True)
class WebFolder:
    """A folder that holds the files of one model."""

    base: str
    token: str = ""

    def entries(self, http: Http, model: str) -> list[Any]:  # noqa: ARG002 - one model only
        """One request for the record, or one for each name."""
        try:
            record = as_object(ask(http, self.url("", ".setup-assistant.json")))
            return [_of_record(e) for e in record["files"]]
        except (WebError, KeyError, TypeError) as error:
            if isinstance(error, WebError) and error.reason not in _ABSENT:
                raise
        sums = self._sums(http)
        names = set(sums) | set(self._linked(http))
        names -= set(_SUMS)
        if "config.json" not in names:
            names |= {*_USUAL, *self._shards(http)}
        wanted = sorted(names)
        with ThreadPoolExecutor(_ASKERS) as pool:
            sizes = list(pool.map(lambda name: self._size(http, name), wanted))
        return [
            {"Path": n, "Size": s, "Type": "blob", "Sha256": sums.get(n)}
            for n, s in zip(wanted, sizes, strict=True)
            if s is not None
        ]

    def url(self, model: str, path: str) -> str:  # noqa: ARG002 - one model only
        """Below the folder."""
        return f"{self.base.rstrip('/')}/{quote(path)}"

    def _sums(self, http: Http) -> dict[str, str]:
        for name in _SUMS:
            text = self._text(http, self.url("", name))
            found = {
                m[2]: m[1].lower() for line in text.splitlines() if (m := _SUM.fullmatch(line))
            }
            if found:
                # A list that names what no folder may hold is refused where all names are checked.
                return found
        return {}

    def _linked(self, http: Http) -> Iterator[str]:
        """Yield the files that the folder's page links to, and those of the pages below."""
        root = self.base.rstrip("/") + "/"
        waiting, seen = [root], {root}
        while waiting:
            page = waiting.pop()
            for link in _links(self._text(http, page), page):
                path = unquote(link[len(root) :]) if link.startswith(root) else ""
                if not path or link in seen or path_fault(path.rstrip("/")):
                    continue
                seen.add(link)
                if len(seen) > MOST_FILES:
                    raise WebError("too_large", msg("the response is too large"))
                if not link.endswith("/"):
                    yield path
                elif path.count("/") <= _DEEPEST and len(waiting) < _MOST_PAGES:
                    waiting.append(link)

    def _shards(self, http: Http) -> set[str]:
        names = {_INDEX, "model.safetensors"}
        try:
            index = as_object(ask(http, self.url("", _INDEX), limit=_INDEX_BYTES))
        except WebError as error:
            if error.reason not in _ABSENT:
                raise
            return names
        shards = index.get("weight_map")
        return names | ({str(s) for s in shards.values()} if isinstance(shards, dict) else set())

    def _text(self, http: Http, url: str) -> str:
        try:
            return ask_bytes(http, url, limit=LISTING_BYTES).decode(errors="replace")
        except WebError as error:
            if error.reason not in _ABSENT:
                raise
            return ""

    def _size(self, http: Http, name: str) -> int | None:
        """Return a file's size; None where there is none, or only a page in its place."""
        if path_fault(name):
            # Not asked for: it is refused where all names are checked.
            return 0
        try:
            return small.size_of(http, self.url("", name))
        except WebError as error:
            if error.reason != "not_found":
                raise
            return None


# A server that keeps its pages and hidden files to itself has none for us.
_ABSENT = ("not_found", "denied", "not_a_hub", "broken")


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [v for name, v in attrs if tag == "a" and name == "href" and v]


def _links(text: str, page: str) -> Iterator[str]:
    """Yield the addresses of a page's links, without queries and anchors."""
    anchors = _Anchors()
    anchors.feed(text if "<a" in text.lower() else "")
    for link in anchors.links:
        try:
            parts = urlsplit(urljoin(page, link))
        except ValueError:
            continue
        if not parts.query:
            yield parts._replace(fragment="").geturl()


def _of_record(entry: Any) -> object:  # noqa: ANN401 - JSON value
    return {"Path": entry["path"], "Size": entry["size"], "Sha256": entry["sha256"]}
