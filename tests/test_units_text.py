"""Sizes and times as people read them."""

from __future__ import annotations

import pytest

from setup_assistant.units_text import duration, memory_text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "-"), (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (10 * 1024, "10.0 KiB"),
        (1536 << 20, "1.50 GiB"), (128 << 30, "128 GiB"), (1 << 50, "1024 TiB"),
    ],
)  # fmt: skip
def test_size(count: int | None, text: str) -> None:
    assert memory_text(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"), (0, "0.00 s"), (0.42, "0.42 s"), (9.994, "9.99 s"), (12.34, "12.3 s"),
        (59.96, "1 min 00 s"), (200, "3 min 20 s"), (3599.6, "1 h 00 min"), (3900, "1 h 05 min"),
    ],
)  # fmt: skip
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
