"""What a download shows: sentences where nothing is drawn, JSON lines for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from setup_assistant.cli.download import download_display
from setup_assistant.cli.download.download_display import Arriving
from setup_assistant.cli.terminal import show
from setup_assistant.steps.download.job import Event

PROGRESS: dict[str, Any] = {
    "done_bytes": 1_000_000_000, "total_bytes": 4_000_000_000, "bytes_per_second": 50_000_000,
    "remaining_seconds": 60, "files": [],
}  # fmt: skip
START = {"missing_bytes": 4_000_000_000, "free_bytes": 9_000_000_000, "expected_seconds": None}


@pytest.fixture(autouse=True)
def plain() -> Iterator[None]:
    yield
    show.configure(as_json=False, quiet=False, verbose=False)


def said(capsys: pytest.CaptureFixture[str], *events: Event) -> str:
    follower = Arriving()
    for event in events:
        follower.event(event)
    follower.close()
    out, err = capsys.readouterr()
    assert out == ""
    return err


def test_a_calm_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    progress = Event("progress", PROGRESS)
    assert said(capsys, progress, progress) == ""
    monkeypatch.setattr(download_display, "_SAID_SECONDS", 0.0)
    assert said(capsys, progress).strip() == "1.0 GB of 4.0 GB  50.0 MB/s  60 s left"
    verifying = Event("verifying", {"done_bytes": 5, "total_bytes": 10, "path": "x"})
    assert "verifying: 5 bytes of 10 bytes" in said(capsys, verifying)


def test_what_will_happen_is_told_before(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, Event("start", START))
    assert "4.0 GB to fetch; 9.0 GB are free there" in text
    text = said(capsys, Event("start", {**START, "expected_seconds": 80}))
    assert "about 80 s" in text
    assert said(capsys, Event("start", {**START, "missing_bytes": 0})) == ""


def test_programs_read_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    show.configure(as_json=True, quiet=False, verbose=False)
    monkeypatch.setattr(download_display, "_REPORTED_SECONDS", 0.0)
    lines = said(capsys, Event("start", START), Event("progress", PROGRESS)).splitlines()
    assert json.loads(lines[0]) == {"event": "start", **START}
    assert json.loads(lines[1]) == {"event": "progress", **PROGRESS}
    show.configure(as_json=True, quiet=True, verbose=False)
    assert said(capsys, Event("start", START)) == ""


def test_no_secret_of_an_address_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    show.configure(as_json=True, quiet=False, verbose=False)
    data = {"source": "http://me:hunter2@hub.example", "detail": "x", "path": None}
    assert "hunter2" not in said(capsys, Event("source", data))
