"""Shows what happens in a download.

A line per file and a total on a terminal, JSON lines under `--json`, a calm line now and then
elsewhere.
"""

from __future__ import annotations

from typing import Any

from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.live_table import LiveTable
from setup_assistant.host import clock
from setup_assistant.messages import Message, _
from setup_assistant.steps.download.job import Event
from setup_assistant.terminal_text import cut
from setup_assistant.times_text import rough
from setup_assistant.units_text import size_text

_SAID_SECONDS, _REPORTED_SECONDS = 10.0, 1.0
# Columns of the figures beside a file's name.
_FIGURES = 48


class Arriving:
    """Follows one download; `close` leaves the terminal as it was."""

    def __init__(self) -> None:
        self._drawn = show.on_terminal() and not show.is_silent()
        self._table = LiveTable((_("file"), _("here"), _("size"), "%", _("speed"), _("left")))
        self._told = self._reported = clock.monotonic()

    def note(self, text: Message) -> None:
        """Say a line that stays."""
        show.note(f"  {text}")

    def event(self, event: Event) -> None:
        """Show one event."""
        if show.is_json():
            self._report(event)
        elif event.kind == "start":
            self._start(event.data)
        elif event.kind in ("progress", "verifying") and not show.is_silent():
            self._progress(event)

    def close(self) -> None:
        """Take away what was drawn."""
        self._table.end()

    def _report(self, event: Event) -> None:
        now = clock.monotonic()
        if event.kind == "progress":
            if now - self._reported < _REPORTED_SECONDS:
                return
            self._reported = now
        show.event({"event": event.kind, **event.data})

    def _start(self, data: dict[str, Any]) -> None:
        if data["missing_bytes"]:
            show.note(f"  {to_fetch(data)}")

    def _progress(self, event: Event) -> None:
        data, now = event.data, clock.monotonic()
        if self._drawn:
            self._table.update(_rows(event), "")
        elif now - self._told >= _SAID_SECONDS:
            self._told = now
            done, total = size_text(data["done_bytes"]), size_text(data["total_bytes"])
            if event.kind == "verifying":
                text = _("verifying: {done} of {total}", done=done, total=total)
                show.note(f"  {text}")
            else:
                figures = [f for f in (_speed(data), _left(data)) if f]
                text = _("{done} of {total}", done=done, total=total)
                show.note("  " + "  ".join([text, *figures]))


def to_fetch(data: dict[str, Any]) -> str:
    """Return how much is to be fetched, how long that took the last time, and what room there is.

    Args:
        data: `missing_bytes`, `free_bytes`, `expected_seconds`.
    """
    sizes = {"size": size_text(data["missing_bytes"]), "free": size_text(data["free_bytes"])}
    if not data["missing_bytes"] or data["expected_seconds"] is None:
        return _("{size} to fetch; {free} are free there", **sizes)
    time = rough(data["expected_seconds"])
    return _("{size} to fetch, as fast as last time in about {time}; {free} are free there",
             time=time, **sizes)  # fmt: skip


def _rows(event: Event) -> list[list[str]]:
    data = event.data
    if event.kind == "verifying":
        label = _("verifying {path}", path=data["path"])
        return [_row(label, data["done_bytes"], data["total_bytes"], "", "")]
    rows = [_row(f["path"], f["done_bytes"], f["size_bytes"], "", "") for f in data["files"]]
    total = _row(_("total"), data["done_bytes"], data["total_bytes"], _speed(data), _left(data))
    return [*rows, total]


def _row(name: str, done: int, total: int, speed: str, left: str) -> list[str]:
    share = f"{100 * done / total:.0f}" if total else "100"
    name = cut(name, max(12, show.error_columns() - _FIGURES))
    return [name, size_text(done), size_text(total), share, speed, left]


def _speed(data: dict[str, Any]) -> str:
    speed = data["bytes_per_second"]
    return _("{size}/s", size=size_text(speed)) if speed else ""


def _left(data: dict[str, Any]) -> str:
    left = data["remaining_seconds"]
    return "" if left is None else _("{time} left", time=rough(left))
