"""What is being done is written down for whoever watches this machine from another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.progress import PROGRESS_FILE, Progress


def test_it_is_written_though_nothing_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "doing"
    monkeypatch.setenv(PROGRESS_FILE, str(path))
    show.configure(as_json=True, quiet=False, verbose=False)
    try:
        progress = Progress()
        progress.begin("Installing packages")
        assert json.loads(path.read_text()) == {
            "title": "Installing packages", "done": 0.0, "total": None,
        }  # fmt: skip
        monkeypatch.setattr("setup_assistant.cli.terminal.progress._NOTED_SECONDS", -1.0)
        progress.count(3, 7)
        assert json.loads(path.read_text())["done"] == 3
        # A folder that is gone must not end the work.
        monkeypatch.setenv(PROGRESS_FILE, str(tmp_path / "gone" / "doing"))
        progress.count(4, 7)
        progress.end()
    finally:
        show.configure(as_json=False, quiet=False, verbose=False)
    assert capsys.readouterr() == ("", "")
