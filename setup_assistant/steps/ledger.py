"""What was done in a site, one JSON object per line, flushed to disk as it happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from setup_assistant.host import clock, files
from setup_assistant.host.secrets import redact_json

Event = Literal["started", "done", "failed", "made", "removed"]


@dataclass(frozen=True)
class Entry:
    """One line: when, which step, what happened. `made` entries carry `path` and `kind`."""

    time: str
    step: str
    event: Event
    data: dict[str, Any]


class Ledger:
    """The record of one site. A half-written last line (power cut) is ignored, not fatal."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def record(self, step: str, event: Event, **data: Any) -> None:  # noqa: ANN401 - JSON values
        """Append one entry."""
        line = {"time": clock.now(), "step": step, "event": event, **data}
        files.append_line(self.path, json.dumps(redact_json(line), ensure_ascii=False))

    def made(self, step: str, path: Path, kind: Literal["file", "folder", "cache"]) -> None:
        """Record, before it is made, something that `uninstall` must remove."""
        if str(path) not in {data.get("path") for data in self.owned()}:
            self.record(step, "made", path=str(path), kind=kind)

    def removed(self, step: str, path: Path) -> None:
        """Record that something of ours is gone: what lies there later is somebody else's."""
        self.record(step, "removed", path=str(path))

    def owned(self) -> list[dict[str, Any]]:
        """Return what was made and not removed since, oldest first: `path` and `kind` of each."""
        found: dict[str, dict[str, Any]] = {}
        for entry in self.entries():
            path = str(entry.data.get("path"))
            if entry.event == "made":
                found.setdefault(path, entry.data)
            elif entry.event == "removed":
                found.pop(path, None)
        return list(found.values())

    def entries(self) -> Iterator[Entry]:
        """Yield what was recorded, oldest first."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return
        for line in text.splitlines():
            try:
                value = json.loads(line)
                yield Entry(value.pop("time"), value.pop("step"), value.pop("event"), value)
            except (ValueError, KeyError, AttributeError):
                continue

    def seconds(self) -> dict[str, float]:
        """Return how long each step took the last time it was done."""
        return {
            e.step: float(e.data["seconds"])
            for e in self.entries()
            if e.event == "done" and "seconds" in e.data
        }
