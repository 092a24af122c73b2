"""As much of Hugging Face's API as its clients ask for: `hf download`, `snapshot_download`.

No address for chunked storage (Xet) is ever given, so that clients fetch whole files with ranges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from setup_assistant.mirror.shelf import Item, Shelf

_API = re.compile(
    r"/api/models/(?P<model>[^/]+/[^/]+)(?:/(?P<what>revision|tree|refs)(?:/(?P<revision>[^/]+)"
    r"(?:/(?P<path>.*))?)?)?/?"
)
_FILE = re.compile(r"/(?P<model>[^/]+/[^/]+)/(?:resolve|raw)/(?P<revision>[^/]+)/(?P<path>.+)")
_BRANCHES = ("main", "master")


@dataclass(frozen=True)
class Answer:
    """What a request is answered: a JSON value, a file, or an error by its code."""

    status: int = 200
    value: Any = None
    item: Item | None = None
    headers: Mapping[str, str] | None = None


def refused(status: int, code: str, message: str) -> Answer:
    """Return an error as clients read it: from headers."""
    headers = {"X-Error-Code": code, "X-Error-Message": message}
    return Answer(status, {"error": message}, headers=headers)


def answer(shelf: Shelf, path: str, query: Mapping[str, str]) -> Answer | None:
    """Return the answer to a path, percent signs resolved; None for paths of other APIs."""
    found = _FILE.fullmatch(path) or _API.fullmatch(path)
    if found is None or found["model"].startswith("api/"):
        return None
    model = found["model"]
    if model not in shelf.models:
        return refused(404, "RepoNotFound", "Repository not found")
    commit = shelf.commit(model)
    if (found["revision"] or "main") not in (*_BRANCHES, commit):
        return refused(404, "RevisionNotFound", f"Invalid rev id: {found['revision']}")
    if found.re is _FILE:
        return _file(shelf, model, found["path"], commit)
    return _of_model(shelf, model, found, query, commit)


def _of_model(
    shelf: Shelf, model: str, found: re.Match[str], query: Mapping[str, str], commit: str
) -> Answer:
    if found["what"] == "tree":
        return _tree(shelf, model, (found["path"] or "").strip("/"), query, commit)
    if found["what"] == "refs":
        branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": commit}
        return Answer(value={"branches": [branch], "converts": [], "tags": []})
    return Answer(value=_info(shelf, model, commit), headers={"X-Repo-Commit": commit})


def _file(shelf: Shelf, model: str, path: str, commit: str) -> Answer:
    item = shelf.item(model, path)
    if item is None:
        return refused(404, "EntryNotFound", "Entry not found")
    tag = item.sha256 if item.large else shelf.blob_id(item)
    headers = {"ETag": f'"{tag}"', "X-Repo-Commit": commit}
    if item.large:
        headers |= {"X-Linked-Etag": f'"{tag}"', "X-Linked-Size": str(item.size)}
    return Answer(item=item, headers=headers)


def _info(shelf: Shelf, model: str, commit: str) -> dict[str, Any]:
    files = [{"rfilename": path} for path in shelf.items(model)]
    return {"_id": commit[:24], "id": model, "modelId": model, "sha": commit, "private": False,
            "disabled": False, "gated": False, "downloads": 0, "likes": 0, "tags": [],
            "author": model.split("/", maxsplit=1)[0], "siblings": files}  # fmt: skip


def _tree(shelf: Shelf, model: str, root: str, query: Mapping[str, str], commit: str) -> Answer:
    every = query.get("recursive", "").lower() in ("1", "true")
    folders, items = shelf.listed(model, root, recursive=every)
    if root and not (folders or items):
        return refused(404, "EntryNotFound", f"{root} does not exist")
    entries: list[dict[str, Any]] = [
        {"type": "directory", "oid": commit, "size": 0, "path": f} for f in folders
    ]
    return Answer(value=[*entries, *(_entry(shelf, item) for item in items)])


def _entry(shelf: Shelf, item: Item) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "file", "oid": shelf.blob_id(item), "size": item.size, "path": item.path,
    }  # fmt: skip
    if item.large:
        entry["lfs"] = {"oid": item.sha256, "size": item.size, "pointerSize": len(item.pointer)}
    return entry
