"""Sizes as people read them."""

from __future__ import annotations

import pytest

from setup_assistant.units_text import memory_text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "-"), (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (10 * 1024, "10.0 KiB"),
        (1536 << 20, "1.50 GiB"), (128 << 30, "128 GiB"), (1 << 50, "1024 TiB"),
    ],
)  # fmt: skip
def test_size(count: int | None, text: str) -> None:
    assert memory_text(count) == text
