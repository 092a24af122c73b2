"""A limit counts from the last moment in which there was much to compute."""

from types import SimpleNamespace

import pytest

from setup_assistant.host import clock


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Return what moves the clock: seconds, and of them the computed ones."""
    now = SimpleNamespace(at=0.0, computed=0.0)
    held = SimpleNamespace(monotonic=lambda: now.at, process_time=lambda: now.computed)
    monkeypatch.setattr(clock, "time", held)

    def move(seconds: float, share: float) -> None:
        now.at += seconds
        now.computed += seconds * share

    return SimpleNamespace(move=move)


def test_a_throttled_computer_gets_its_time_and_a_silent_server_does_not(
    passing: SimpleNamespace,
) -> None:
    patience = clock.Patience(4.0)
    for _step in range(40):
        # A twentieth of one processor, for ten seconds.
        passing.move(0.25, 0.05)
        assert not patience.over()
    for _step in range(15):
        # Waiting for others, beside a screen that shows it.
        passing.move(0.25, 0.005)
        assert not patience.over()
    passing.move(0.25, 0.005)
    assert patience.over()
    assert not patience.over(share=1.5)


def test_no_limit_is_stretched_for_ever(passing: SimpleNamespace) -> None:
    patience = clock.Patience(4.0)
    for _step in range(4 * 47):
        passing.move(0.25, 1.0)
        assert not patience.over()
    for _step in range(4):
        passing.move(0.25, 1.0)
        ended = patience.over()
    assert ended


@pytest.mark.parametrize(("share", "steps"), [(0.5, 4 * 96), (0.1, 4 * 144), (1.0, 4 * 48)])
def test_only_what_was_computed_counts_where_others_have_the_processor(
    passing: SimpleNamespace, share: float, steps: int
) -> None:
    """Of half a processor twice the time, of a tenth the three times that it is at most."""
    patience = clock.Patience(4.0, starved=3.0)
    for _step in range(steps - 1):
        passing.move(0.25, share)
        assert not patience.over()
    passing.move(0.25, share)
    assert patience.over()
