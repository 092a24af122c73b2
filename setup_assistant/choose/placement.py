"""Where a model's weights go: one card, or several with a limit each.

The vision tower, the embeddings and all activations sit on the first card in PCI order; every
card holds a context, an allocator's slack, and its layers' share of the KV cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from setup_assistant.catalog.models import Model
from setup_assistant.choose.faster_card import score, without_drags
from setup_assistant.choose.memory import BYTES, CONTEXT, SLACK, Need, Setting, Work
from setup_assistant.choose.memory import estimate as estimate_need
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.units_text import GIB

# A card with less room than this would hold little more than its own context.
LEAST = 2 * GIB
# What comes and goes is the same on no two runs; a card that runs out ends the call.
CAREFUL = 1.10


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A fitting placement: the cards used, their limits for weights, and the need in all."""

    cards: tuple[Card, ...]
    limits: tuple[int, ...]
    need: Need


def seat(model: Model, work: Work, cards: Sequence[Card], setting: Setting) -> Seat | None:
    """Return the placement on these cards, or None where the model does not fit."""
    need = estimate_need(model, work, setting)
    if len(cards) == 1:
        fits = need.total <= cards[0].budget
        return Seat(cards=tuple(cards), limits=(), need=need) if fits else None
    limits = _limits(need, cards)
    if not _packs(model, limits, setting.dtype):
        return None
    return Seat(cards=tuple(cards), limits=tuple(limits), need=need)


def groups(cards: Sequence[Card]) -> list[tuple[Card, ...]]:
    """Return the sets of cards to try: each alone, fastest first, then the largest together.

    A process can use a single MIG slice, so slices never join others; nor does a card that is
    so slow that it would set the pace of all.
    """
    by_speed = sorted(cards, key=lambda c: (-score(c), -c.budget, c.index))
    alone: list[tuple[Card, ...]] = [(c,) for c in by_speed]
    by_room = sorted(without_drags(cards), key=lambda c: (-c.budget, c.index))
    joinable = [c for c in by_room if not c.slice_ and c.budget >= LEAST]
    together = [
        tuple(sorted(joinable[:count], key=lambda c: c.index))
        for count in range(2, len(joinable) + 1)
    ]
    return alone + together


def _limits(need: Need, cards: Sequence[Card]) -> list[int]:
    """Return the bytes of weights that each card may hold."""
    share = need.kv_cache // len(cards)
    limits = []
    for i, (card, moving) in enumerate(zip(cards, need.moving, strict=True)):
        # The allocator's share of the activations is on the first card, with the pictures.
        slack = need.slack - SLACK * (len(cards) - 1) if i == 0 else SLACK
        limits.append(card.budget - CONTEXT - share - int((moving + slack) * CAREFUL))
    return [max(0, limit) for limit in limits]


def _packs(model: Model, limits: Sequence[int], dtype: str) -> bool:
    """Whether whole layers fill the cards in order, with the ends on the first and the last."""
    shapes, width = model.shapes, BYTES[dtype]
    table = shapes.vocab * shapes.hidden * width
    vision = shapes.params_vision * width
    head = 0 if shapes.tie_word_embeddings else table
    layer = (model.weights_bytes * width // 2 - table - vision - head) / shapes.layers
    placed = 0
    for i, limit in enumerate(limits):
        room = limit - (table + vision if i == 0 else 0) - (head if i == len(limits) - 1 else 0)
        if room < 0:
            return False
        placed += int(room / layer)
    return placed >= shapes.layers
