"""What of a card a plan keeps free beside the need."""

from __future__ import annotations

import pytest

from setup_assistant.catalog import purposes
from setup_assistant.choose.pick import reserved
from setup_assistant.choose.usable_gpus import Card

GIB = 1 << 30


@pytest.mark.parametrize(
    ("budgets", "kept"),
    [
        # A share of a single card, and never less than the least.
        ([80 * GIB], [int(80 * GIB * 0.05)]),
        ([4 * GIB], [GIB // 4]),
        # Several cards are filled with care already: the least is enough.
        ([80 * GIB, 80 * GIB], [GIB // 4, GIB // 4]),
        ([GIB // 8], [GIB // 8]),
    ],
)
def test_the_reserve_of_a_card(budgets: list[int], kept: list[int]) -> None:
    known = purposes.Purposes(
        floor={}, reserve_share=0.05, reserve_least_bytes=GIB // 4, reserve_source="x", date="x"
    )
    cards = tuple(
        Card(id=str(n), name="X", index=n, part="8.9", free=b, budget=b)
        for n, b in enumerate(budgets)
    )
    left = [card.budget for card in reserved(cards, known)]
    assert left == [b - k for b, k in zip(budgets, kept, strict=True)]
