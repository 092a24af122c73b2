"""GGUF files of llama.cpp: how large they are, and what running them needs.

Bits a number follow from ggml's blocks (ggml-common.h: e.g. Q4_K has 144 bytes for 256), and
which matrix is of which type from llama.cpp's `llama_tensor_get_type`: a file called Q4_K_M has
half of its value and down projections, and its head, in Q6_K. Published sizes of 2B and 7B are
met to the last digit shown. What llama.cpp computes with is a rough estimate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from setup_assistant.catalog.models import Model, Shapes
from setup_assistant.choose import terms
from setup_assistant.choose.memory import CONTEXT, Need, Work

Kind = Literal[
    "F16", "Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q4_K_M", "Q4_K_S", "Q3_K_M", "Q2_K",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
# A tokenizer's words and merges, and the header.
BYTES_A_WORD = 40
# llama.cpp reads prompts by so many tokens, and makes logits of each in float32.
BATCHED = 512
# Its tower's buffer: 248.10 MiB of 8464 patches of width 1152 (ollama issue 17482).
TOWER_BYTES = 27
_BITS = {
    "F32": 32.0, "F16": 16.0, "Q8_0": 8.5, "Q6_K": 6.5625, "Q5_K": 5.5, "Q4_K": 4.5,
    "Q3_K": 3.4375, "Q2_K": 2.625, "Q5_1": 6.0, "Q5_0": 5.5, "IQ4_NL": 4.5,
}  # fmt: skip
# Blocks of K types are 256 numbers of a row; of rows that they do not divide, blocks of 32.
_NARROW = {"Q2_K": "IQ4_NL", "Q3_K": "IQ4_NL", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}


@dataclass(frozen=True, kw_only=True)
class _Layer:
    """Where a layer stands, of how many, and how many heads share a key."""

    index: int
    count: int
    shared: int

    @property
    def better(self) -> bool:
        """Whether it is of those that get more bits (`use_more_bits`)."""
        eighth = self.count // 8
        outer = self.index < eighth or self.index >= 7 * self.count // 8
        return outer or (self.index - eighth) % 3 == 2


def file_bytes(model: Model, kind: Kind) -> int:
    """Return the size of the language model's file."""
    shapes = model.shapes
    attention = shapes.hidden * shapes.head_dim
    value, output = attention * shapes.kv_heads, attention * shapes.heads
    layers = shapes.layers
    embedding = shapes.vocab * shapes.hidden
    embeddings = embedding * (1 if shapes.tie_word_embeddings else 2)
    # Every expert is in the file, whether a token meets it or not.
    linear = shapes.params_total - shapes.params_vision - embeddings
    down = (linear - layers * 2 * (value + output)) // layers // 3
    base = kind.removesuffix("_M").removesuffix("_S")
    head = base if kind in {"F16", "Q8_0"} else "Q6_K"
    bits = embedding * _BITS[head]
    if not shapes.tie_word_embeddings:
        bits += embedding * _BITS[base]
    for index in range(layers):
        layer = _Layer(index=index, count=layers, shared=shapes.heads // shapes.kv_heads)
        bits += (value + output + 2 * down) * _BITS[base]
        bits += value * _BITS[_value(kind, base, layer)]
        bits += output * _BITS[{"Q2_K": "Q3_K", "Q3_K_M": "Q4_K"}.get(kind, base)]
        last = _down(kind, base, layer)
        bits += down * _BITS[_NARROW.get(last, last) if shapes.intermediate % 256 else last]
    rest = shapes.params_total - shapes.params_vision - linear - embeddings
    return int(bits / 8) + 4 * rest + BYTES_A_WORD * shapes.vocab


def projector_bytes(shapes: Shapes) -> int:
    """Return the size of the vision tower's own file (mmproj), in 16 bits."""
    return 2 * shapes.params_vision


def estimate(model: Model, work: Work, kind: Kind, context: int) -> Need:
    """Return what llama.cpp needs with all layers on one GPU and keys and values in 16 bits.

    It sets aside the whole context, and the buffers of tower and language model beside it.
    """
    shapes = model.shapes
    kept = file_bytes(model, kind) + projector_bytes(shapes)
    most = max((grid.patches_per_step for grid in work.grids), default=0)
    vision = TOWER_BYTES * shapes.vit_dim * most
    logits = 4 * BATCHED * shapes.vocab
    cache = terms.kv_cache(shapes, context, 2)
    allocated = kept + cache + vision + logits
    return Need(
        weights=kept,
        vision=vision,
        prefill=0,
        logits=logits,
        kv_cache=cache,
        slack=0,
        context=CONTEXT,
        moving=(vision + logits,),
        allocated=allocated,
        total=allocated + CONTEXT,
    )


def _value(kind: Kind, base: str, layer: _Layer) -> str:
    """Return the type of a value projection; models of 80 layers share it among eight heads."""
    ways: dict[str, Callable[[], str]] = {
        "Q2_K": lambda: "Q4_K" if layer.shared >= 4 else "Q3_K",
        "Q3_K_M": lambda: "Q5_K" if layer.index < 2 else "Q4_K",
        "Q4_K_S": lambda: "Q5_K" if layer.index < 4 else base,
        "Q4_K_M": lambda: "Q6_K" if layer.better else base,
        "Q5_K_M": lambda: "Q6_K" if layer.better else base,
    }
    found = ways.get(kind, lambda: base)()
    return "Q5_K" if layer.count == 80 and found in {"Q3_K", "Q4_K"} else found


def _down(kind: Kind, base: str, layer: _Layer) -> str:
    """Return the type of a perceptron's last matrix."""
    ways: dict[str, Callable[[], str]] = {
        "Q2_K": lambda: "Q3_K",
        "Q3_K_M": lambda: "Q5_K" if layer.index < layer.count // 16 else "Q4_K",
        "Q4_K_S": lambda: "Q5_K" if layer.index < layer.count // 8 else base,
        "Q4_K_M": lambda: "Q6_K" if layer.better else base,
        "Q5_K_M": lambda: "Q6_K" if layer.better else base,
    }
    return ways.get(kind, lambda: base)()
