"""Ask a hub what a model consists of: all of it, also where ModelScope cuts or pages its listing.

ModelScope sends at most 3 000 entries for one request, without saying so and whatever page is
asked for (modelscope-hub 0.5, REPO_FILES_TRUNCATION_LIMIT); what is cut is asked for folder by
folder. Other servers of the same API send pages and the number of all entries.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from setup_assistant.host.http import Http, WebError
from setup_assistant.host.transfer import small
from setup_assistant.messages import msg
from setup_assistant.weights.listing import MOST_FILES

# A listing of 100 000 files has about this many bytes.
LISTING_BYTES = 32 << 20


def ask(
    http: Http, url: str, headers: dict[str, str] | None = None, limit: int = LISTING_BYTES
) -> Any:  # noqa: ANN401 - JSON value
    """Return the JSON at `url`; fills `headers`.

    Raises:
        WebError: `not_a_hub` for anything that is not JSON, and as `Http.get`.
    """
    data = ask_bytes(http, url, headers, limit)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise no_hub() from error


def ask_bytes(
    http: Http, url: str, headers: dict[str, str] | None = None, limit: int = LISTING_BYTES
) -> bytes:
    """Return the bytes at `url`; fills `headers`, their names in lower case."""
    data, answered = small.read(http, url, limit)
    if headers is not None:
        headers.update({k.lower(): v for k, v in answered.items()})
    return data


def as_object(value: object) -> Mapping[str, Any]:
    """Return a JSON object; raises `not_a_hub` for any other value."""
    if not isinstance(value, dict):
        raise no_hub()
    return value


def no_hub() -> WebError:
    """Return the error for an answer that no hub gives."""
    return WebError("not_a_hub", msg("the answer is not JSON of the right form"))


_CUT_AT = 3000
_MOST_REQUESTS = 1000


class Tree:
    """The listing of one model at one address."""

    def __init__(self, http: Http, base: str, model: str, revision: str) -> None:
        self._http = http
        self._url = f"{base}/api/v1/models/{quote(model)}/repo/files"
        self._revision = revision
        self._requests = 0
        self._found: dict[str, Any] = {}

    def entries(self) -> list[Any]:
        """Return what is listed, unchecked.

        Raises:
            WebError: as `ask`, and `too_large` where it has no end.
        """
        first = self._listed(root="", recursive=True)
        if len(first) < _CUT_AT:
            return first
        self._keep(first)
        try:
            self._walk()
        except WebError as error:
            # More than that: this server does not cut, nor does it know folders.
            if error.reason != "too_large" or not _CUT_AT < len(first) <= MOST_FILES:
                raise
            return first
        return list(self._found.values())

    def _walk(self) -> None:
        """Ask for the folders one by one, and for those inside where one is cut again."""
        waiting = [""]
        while waiting:
            root = waiting.pop()
            shallow = self._listed(root=root, recursive=False)
            if len(shallow) >= _CUT_AT:
                # So many in one folder: nothing shows the rest of them.
                raise _endless()
            self._keep(shallow)
            for below in (str(e.get("Path")) for e in shallow if _is_folder(e)):
                whole = self._listed(root=below, recursive=True)
                self._keep(whole)
                if len(whole) >= _CUT_AT:
                    waiting.append(below)

    def _keep(self, entries: list[Any]) -> None:
        for entry in entries:
            path = entry.get("Path") if isinstance(entry, Mapping) else None
            # What is no entry is kept too: whoever checks refuses it.
            self._found.setdefault(str(path), entry)

    def _listed(self, *, root: str, recursive: bool) -> list[Any]:
        """Return one listing, all pages of it."""
        query = {"Revision": self._revision, "Recursive": str(recursive)} | (
            {"Root": root} if root else {}
        )
        found, total = self._page(query)
        size = len(found)
        for page in range(2, _MOST_REQUESTS):
            if not size or len(found) >= total:
                return found
            more, total = self._page(query | {"PageNumber": str(page), "PageSize": str(size)})
            if not more or more == found[-len(more) :]:
                return found
            found += more
        return found

    def _page(self, query: dict[str, str]) -> tuple[list[Any], int]:
        """Return the entries of one answer, and how many it says there are in all."""
        self._requests += 1
        if self._requests > _MOST_REQUESTS or len(self._found) > MOST_FILES:
            raise _endless()
        data = as_object(ask(self._http, f"{self._url}?{urlencode(query)}")).get("Data")
        found = data.get("Files") if isinstance(data, dict) else data
        if not isinstance(found, list):
            raise no_hub()
        total = data.get("TotalCount") if isinstance(data, dict) else None
        return found, total if isinstance(total, int) else 0


def _is_folder(entry: object) -> bool:
    return isinstance(entry, Mapping) and entry.get("Type") == "tree"


def _endless() -> WebError:
    return WebError("too_large", msg("the response is too large"))
