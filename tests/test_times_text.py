"""Times as people read them, in both languages."""

from __future__ import annotations

import re

import pytest

from setup_assistant import messages
from setup_assistant.times_text import duration, rough

TIMES = {
    None: "-", 0: "0.00 s", 0.42: "0.42 s", 9.994: "9.99 s", 12.34: "12.3 s",
    59.96: "1 min 00 s", 200: "3 min 20 s", 3599.6: "1 h 00 min", 3900: "1 h 05 min",
}  # fmt: skip


def test_times() -> None:
    assert {seconds: duration(seconds) for seconds in TIMES} == TIMES
    said = {seconds: rough(seconds) for seconds in (0.2, 59, 150, 4800)}
    assert said == {0.2: "1 s", 59: "59 s", 150: "2 min", 4800: "1 h 20 min"}


@pytest.mark.parametrize("seconds", [0.42, 12.34, 200, 3900])
def test_no_english_unit_is_left_in_chinese(seconds: float) -> None:
    messages.use_language("zh_CN")
    said = duration(seconds) + rough(seconds)
    messages.use_language("en")
    assert not re.search("[a-z]", said), said
