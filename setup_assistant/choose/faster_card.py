"""Which of two cards is the faster one for a model of this family."""

from __future__ import annotations

from collections.abc import Sequence

from setup_assistant.choose.usable_gpus import Card
from setup_assistant.versions import at_least, numbers

# GB/s of an ordinary card of a generation (major of the compute capability), where the recipes
# do not know the card: the median of those that they know.
_USUAL = {3: 240, 5: 288, 6: 346, 7: 448, 8: 600, 9: 3350, 10: 8000, 11: 273, 12: 784}
# An answer is written at the pace of the memory. A prompt is read at that of the arithmetic:
# without bfloat16 some kernels are missing, without tensor cores (7.0) it is several times slower.
_WITHOUT_BFLOAT16, _WITHOUT_TENSOR_CORES = 0.8, 0.35
# A card so much slower than the best sets the pace of all, and is left out of a group.
DRAG = 0.2


def score(card: Card) -> float:
    """Return how fast a card is, to be compared with others; GB/s of a card with bfloat16."""
    usual = _USUAL.get(numbers(card.part)[0], _USUAL[8])
    pace = card.bandwidth or usual
    if at_least(card.part, "8.0"):
        return pace
    return pace * (_WITHOUT_BFLOAT16 if at_least(card.part, "7.0") else _WITHOUT_TENSOR_CORES)


def without_drags(cards: Sequence[Card]) -> list[Card]:
    """Return the cards that do not slow the best of them down."""
    best = max((score(c) for c in cards), default=0.0)
    return [c for c in cards if score(c) >= DRAG * best]
