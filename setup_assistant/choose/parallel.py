"""One card's share under tensor parallelism, as vLLM and SGLang split a model.

Every layer is split over the cards: the columns of one matrix and the rows of the next, and
with them heads, keys and values. Embeddings and head are split by words. Sources: vLLM's
`ColumnParallelLinear`, `VocabParallelEmbedding` and `--mm-encoder-tp-mode`. Published: 34.43 GiB
on each of four cards for Qwen2.5-VL-72B (vLLM issue 16570; 34.18 here, the rest is the buffers
in which cards exchange their parts).
"""

from __future__ import annotations

from dataclasses import dataclass

from setup_assistant.catalog.models import Model, Shapes
from setup_assistant.choose.terms import weights


class SplitError(ValueError):
    """A number of cards that does not divide the heads; the text is their number."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """So many cards share every layer; with `whole_tower` each has all of the vision tower.

    The latter is vLLM's `--mm-encoder-tp-mode data`: pictures are shared out instead.
    """

    cards: int = 1
    whole_tower: bool = False


def check(shapes: Shapes, split: Split) -> None:
    """Raise where no such split exists.

    Raises:
        SplitError: the heads of the language model, or of a split tower, do not divide.
    """
    towers = 1 if split.whole_tower else shapes.vit_heads
    for heads in (shapes.heads, towers):
        if heads > 1 and heads % split.cards:
            raise SplitError(str(heads))


def share_of_weights(model: Model, dtype: str, split: Split) -> int:
    """Return the bytes of the weights on one card; norms, which each has whole, are too few."""
    tower = weights(model, dtype) - _language(model, dtype)
    rest = _language(model, dtype) // split.cards
    return rest + (tower if split.whole_tower else tower // split.cards)


def token_bytes(shapes: Shapes, width: int, split: Split) -> int:
    """Return the keys and values of one token on one card; a head of them is never split."""
    heads = -(-shapes.kv_heads // split.cards)
    return 2 * shapes.layers * heads * shapes.head_dim * width


def prefill(shapes: Shapes, tokens: int, width: int, split: Split) -> int:
    """Return one decoder layer's activations on one card: its insides are split, not its ends."""
    inside = 3 * shapes.intermediate * shapes.active_experts // split.cards
    return tokens * width * (inside + 4 * shapes.hidden)


def _language(model: Model, dtype: str) -> int:
    whole = weights(model, dtype)
    wide = 4 if dtype == "float32" and model.quantization == "none" else 2
    return whole - wide * model.shapes.params_vision
