"""The line of work under way: what, how far, how long still."""

from __future__ import annotations

import io
import sys
import time

import pytest

from setup_assistant.cli.terminal import progress, show
from setup_assistant.terminal_text import width


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [100.0]
    monkeypatch.setattr(progress.clock, "monotonic", lambda: time[0])
    return time


def _state(**given: object) -> progress._State:
    return progress._State("Downloading Qwen/Qwen2-VL-7B-Instruct", 100.0, **given)  # type: ignore[arg-type]


def test_the_rate_so_far_tells_how_long_still(now: list[float]) -> None:
    # A resumed download: what was there before it began is no speed.
    state = _state(done=6e9, total=10e9, first=(100.0, 5e9))
    now[0] = 110.0
    assert progress.seconds_left(state) == 40.0


def test_what_was_expected_serves_until_a_rate_is_known(now: list[float]) -> None:
    state = _state(expected=15.0)
    now[0] = 105.0
    assert progress.seconds_left(state) == 10.0
    now[0] = 120.0
    assert progress.seconds_left(state) is None
    assert "20 s so far" in progress._line(state, "|")


@pytest.mark.parametrize("columns", [40, 60, 120])
def test_the_line_never_fills_the_terminal(
    now: list[float], columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "error_columns", lambda: columns)
    state = _state(done=6e9, total=10e9, first=(100.0, 5e9))
    now[0] = 110.0
    line = progress._line(state, "|")
    assert width(line) < columns
    assert "40 s left" in line
    assert "6.00 / 10.00 GB" in line


def test_a_file_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_SAID_SECONDS", 0.05)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    show.configure(as_json=False, quiet=False, verbose=False)
    told = progress.Progress()
    told.begin("Removing it", expected_seconds=500)
    while stream.getvalue().count("\n") < 2:
        time.sleep(0.01)
    told.end()
    first, second, *_ = stream.getvalue().splitlines()
    assert first.endswith("Removing it  (about 8 min)")
    assert second.strip() == "8 min left"


def test_quick_work_is_not_worth_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    show.configure(as_json=False, quiet=False, verbose=False)
    with progress.busy("Looking at this machine"):
        pass
    assert stream.getvalue() == ""


def test_ctrl_c_while_it_begins_is_told_as_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_text: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(show, "on_terminal", lambda: False)
    monkeypatch.setattr(show, "note", interrupted)
    told = progress.Progress()
    with pytest.raises(KeyboardInterrupt):
        told.begin("Loading")
    told.end()
