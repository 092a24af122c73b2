"""What was done in a site, one JSON object per line, flushed to disk as it happens."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from setup_assistant.host import clock, files
from setup_assistant.host.removal_proofs import Identity
from setup_assistant.host.secrets import redact_json

Event = Literal["started", "done", "failed", "made", "removed", "here", "source"]


@dataclass(frozen=True)
class Home:
    """Which site a ledger is of: its id, its real path, and which folder that is.

    A copy of the site has the same id and is another folder.
    """

    id: str
    root: str
    device: int
    inode: int

    @staticmethod
    def of(root: Path, id_: str = "") -> Home | None:
        """Return what a folder is as a site, with a new id unless one is given."""
        found = Identity.of(Path(os.path.realpath(root)))
        if found is None:
            return None
        return Home(id_ or uuid.uuid4().hex, os.path.realpath(root), found.device, found.inode)

    def is_at(self, root: Path) -> bool:
        """Whether `root` is that very folder; after a restart its device may be another."""
        now = Home.of(root, self.id)
        if now is None or now.inode != self.inode:
            return False
        return now.device == self.device or now.root == self.root


@dataclass(frozen=True)
class Entry:
    """One line: when, which step, what happened. `made` entries carry `path` and `kind`."""

    time: str
    step: str
    event: Event
    data: dict[str, Any]


class Ledger:
    """The record of one site. A half-written last line (power cut) is ignored, not fatal.

    Paths inside the site are written relative to it, so that a site that was moved is still known
    by its ledger, and a copy never names what belongs to the original.

    Args:
        path: the file, in the site's folder.
        root: the site that it is kept for, where that is not the folder that it lies in.
    """

    def __init__(self, path: Path, root: Path | None = None) -> None:
        self.path = path
        self.root = root or path.parent

    def record(self, step: str, event: Event, **data: Any) -> None:  # noqa: ANN401 - JSON values
        """Append one entry."""
        line = {"time": clock.now(), "step": step, "event": event, **data}
        files.append_line(self.path, json.dumps(redact_json(line), ensure_ascii=False))

    def begin(self) -> None:
        """Record which folder the site is, unless it is known to be this one.

        What lies in a copy, or came from another machine, becomes a site of its own: what the
        lines before say was made elsewhere is no longer this site's.
        """
        root, known = self.root, self.home()
        same = known is not None and known.is_at(root)
        if known and same and known.root == os.path.realpath(root):
            return
        if found := Home.of(root, known.id if known and same else ""):
            self._write("site", "here", **asdict(found))

    def home(self) -> Home | None:
        """Return which site this is of; None in one of an earlier version."""
        if self.root != self.path.parent:
            return Ledger(self.root / self.path.name).home()
        found = [h for e in self.entries() if e.event == "here" and (h := _home(e.data))]
        return found[-1] if found else None

    def made_above(self, step: str, path: Path) -> None:
        """Record the folders above a path that are made with it: empty, they go with it."""
        for folder in path.parents:
            if folder.exists():
                return
            self.made(step, folder, "above")

    def made(
        self, step: str, path: Path, kind: Literal["file", "folder", "cache", "above"]
    ) -> None:
        """Record, before it is made, something that `uninstall` must remove.

        A folder outside of the site that is there already is recorded with what tells it from
        another one that may take its place.
        """
        if str(path) in {data.get("path") for data in self.owned()}:
            return
        root, found = self.root, Identity.of(path)
        inside = root in path.parents
        which = asdict(found) if found and not inside else {}
        name = str(path.relative_to(root)) if inside else str(path)
        self._write(step, "made", path=name, kind=kind, **which)

    def removed(self, step: str, path: Path) -> None:
        """Record that something of ours is gone: what lies there later is somebody else's."""
        root = self.root
        name = path.relative_to(root) if root in path.parents else path
        self._write(step, "removed", path=str(name))

    def owned(self) -> list[dict[str, Any]]:
        """Return what was made and not removed since, oldest first: `path` and `kind` of each.

        Without what was made before the site became another one.
        """
        found: dict[str, dict[str, Any]] = {}
        last: Home | None = None
        for entry in self.entries():
            if entry.event == "here" and (home := _home(entry.data)):
                if last is None or home.id != last.id:
                    found.clear()
                last = home
            name = entry.data.get("path")
            if not isinstance(name, str) or not name or "\0" in name:
                continue
            path = str(self.root / name)
            if entry.event == "made":
                found.setdefault(path, {**entry.data, "path": path})
            elif entry.event == "removed":
                found.pop(path, None)
        return list(found.values())

    def entries(self) -> Iterator[Entry]:
        """Yield what was recorded, oldest first."""
        # A pipe by that name would never end.
        there = self.path.is_file()
        text = files.read_text(self.path, "--site", errors="replace") if there else ""
        for line in text.split("\n"):
            try:
                value = json.loads(line)
                yield Entry(value.pop("time"), value.pop("step"), value.pop("event"), value)
            except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
                continue

    def last(self, step: str) -> Entry | None:
        """Return the last entry of a step."""
        return next((e for e in reversed(list(self.entries())) if e.step == step), None)

    def begun(self, what: str) -> dict[str, Any]:
        """Return what entries of this key said beforehand, where no run has said it as done.

        What several runs said that were killed is told by the first of them.
        """
        found: dict[str, Any] = {}
        for entry in self.entries():
            if isinstance(said := entry.data.get(what), dict):
                found = {} if entry.event == "done" else said | found
        return found

    def _write(self, step: str, event: Event, **data: Any) -> None:  # noqa: ANN401 - JSON values
        """Append paths and ids as they are: they are compared later."""
        line = {"time": clock.now(), "step": step, "event": event, **data}
        files.append_line(self.path, json.dumps(line, ensure_ascii=False))

    def seconds(self) -> dict[str, float]:
        """Return how long each step took the last time it was done."""
        return {
            e.step: float(e.data["seconds"])
            for e in self.entries()
            if e.event == "done" and "seconds" in e.data
        }


def _home(data: dict[str, Any]) -> Home | None:
    id_, root = data.get("id"), data.get("root")
    device, inode = data.get("device"), data.get("inode")
    texts = isinstance(id_, str) and isinstance(root, str)
    if not (texts and id_ and isinstance(device, int) and isinstance(inode, int)):
        return None
    return Home(str(id_), str(root), device, inode)
