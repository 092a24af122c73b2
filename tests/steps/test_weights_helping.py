"""Idle connections take work from a slow one; servers that refuse some are asked by fewer."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.host.transfer.concurrency import Width, help_slowest
from setup_assistant.host.transfer.file_progress import Flow, Run
from setup_assistant.host.transfer.part import SEGMENT, Part
from setup_assistant.host.transfer.remote_file import RemoteFile


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    """A file of 20 segments whose server knows ranges."""
    part = Part(tmp_path, RemoteFile(path="f", size=20 * SEGMENT), "o")
    return Flow(part, "u", [], ranged=True)


def run(flow: Flow, at: int, end: int, came: int) -> Run:
    return Run(flow, at, end, 0, 0, began=100.0, came=came)


def test_a_slow_run_gives_half_of_its_rest(flow: Flow) -> None:
    slow, fast = run(flow, 0, 10, 1_000_000), run(flow, 10, 20, 900_000_000)
    help_slowest([slow, fast], 110.0, 1e8)
    assert (slow.at, slow.end) == (0, 5)
    assert flow.pending == [(5, 10)]
    assert (fast.at, fast.end) == (10, 20)


def test_the_last_segments_are_asked_for_anew_where_it_is_far_too_slow(flow: Flow) -> None:
    slow = run(flow, 18, 20, 100_000)
    help_slowest([slow], 110.0, 1e6)
    assert slow.dropped
    assert flow.pending == []


@pytest.mark.parametrize(
    ("came", "now", "usual"),
    [
        (900_000_000, 110.0, 1e8),  # fast
        (1000, 103.0, 1e8),  # too young to tell
        (1_000_000, 110.0, 2e5),  # as slow as all
    ],
)
def test_others_are_left_alone(flow: Flow, came: int, now: float, usual: float) -> None:
    one = run(flow, 18, 20, came)
    help_slowest([one], now, usual)
    assert not one.dropped
    assert flow.pending == []


def test_without_ranges_nothing_can_be_shared(flow: Flow) -> None:
    flow.ranged = False
    slow = run(flow, 0, 20, 1000)
    help_slowest([slow], 200.0, 1e8)
    assert (slow.end, slow.dropped) == (20, False)


def test_fewer_connections_where_some_are_refused_and_more_again_later() -> None:
    width = Width(8)
    assert width.allows(7, 0.0)
    width.refused(8, 10.0)
    width.refused(8, 10.1)
    assert not width.allows(7, 10.2)
    assert width.allows(6, 10.2)
    width.refused(5, 12.0)
    assert not width.allows(4, 12.1)
    assert width.allows(4, 18.0)
    assert not width.allows(5, 18.1)
    width.refused(1, 30.0)
    assert width.allows(0, 30.1)
