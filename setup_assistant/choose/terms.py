"""The parts of the memory of one call, each with where its constants come from.

Bytes, batch 1. "Counted" means: the installed code of that transformers was run on small
shapes with every allocation recorded (tests/bench/meta_terms.py does it again for the newest).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from setup_assistant.catalog.models import Model, Shapes, Vision
from setup_assistant.choose.vision_tokens import Grid
from setup_assistant.versions import at_least, minor, numbers

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
# No release before it knew these models; its authors' own tables were made with such previews.
FIRST_RELEASE = (4, 45)
# From this release on every picture and time step attends on its own.
_SEGMENTS = (4, 54)
# Numbers a pair of patches in the masks of the vision attention (4.45 to 4.50: a Boolean one
# and one in the tower's dtype; 4.51 and 4.52 pad the second; 4.53: one in the dtype).
_MASK = {2: {"4.51": 4, "4.52": 4, "4.53": 2}, 4: {"4.51": 5, "4.52": 5, "4.53": 4}}
# Bytes a word and token, in 16 and in 32 bits, of the logits of the whole prompt: together on
# one card; and of several cards, on the last, which makes them, and on the first, which reads.
_LOGITS = {
    2: {"": (6, 6, 4), "4.45": (8, 6, 8), "4.46": (4, 2, 4), "later": (2, 2, 2)},
    4: {"": (4, 4, 4), "4.45": (8, 4, 8), "4.46": (8, 4, 8), "later": (4, 4, 4)},
}


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where it runs. `part` is the compute capability, None for a CPU.

    `tower` is the vision tower's attention where it is not the language model's: transformers
    takes them apart, as in `attn_implementation={"vision_config": "eager", "text_config": "sdpa"}`.
    """

    dtype: str
    part: str | None
    transformers: str = "5.23.0"
    torch: str = "2.15.0"
    attention: str = "sdpa"
    gpus: int = 1
    tower: str = ""

    @property
    def width(self) -> int:
        """Bytes of one number."""
        return BYTES[self.dtype]

    @property
    def tower_attention(self) -> str:
        """How the vision tower attends."""
        return self.tower or self.attention

    @property
    def preview(self) -> bool:
        """Whether this is a preview from before the models' first release."""
        return numbers(self.transformers) < FIRST_RELEASE

    @property
    def unfused(self) -> bool:
        """Whether sdpa falls back to plain mathematics: bfloat16 below capability 8.0."""
        if self.part is None or self.dtype != "bfloat16":
            return False
        return not at_least(self.part, "8.0")


def weights(model: Model, dtype: str) -> int:
    """Return the bytes of the weights; float32 doubles what is kept in 16 bits.

    In quantized checkpoints the vision tower, embeddings and head stay in 16 bits.
    """
    if dtype != "float32" or model.quantization != "none":
        return model.weights_bytes
    return 2 * model.weights_bytes


def unpacked(model: Model, width: int) -> int:
    """Return the largest weight that is unpacked while a prompt is read: NF4 has no other way.

    Source: bitsandbytes `MatMul4Bit.forward`, `dequantize_4bit` of the whole weight.
    """
    if model.quantization != "nf4":
        return 0
    return model.shapes.intermediate * model.shapes.hidden * width


def vision_linear(shapes: Shapes, vision: Vision, patches: int, width: int) -> int:
    """Return the activations of the vision tower's linear layers.

    34.5 times its width per patch in 16 bits (counted: 34.9 in 4.49 to 4.57, 34.5 in 5.x, for
    Qwen2-VL and Qwen2.5-VL; 38.6 for Qwen3-VL), and the pixels: float32 as the processor makes
    them, and once more in the tower's dtype (1176 numbers a patch for Qwen2-VL).
    """
    inner = vision.linear * shapes.vit_dim * width / 2
    return int(patches * (inner + _numbers(vision) * width)) + pixels(vision, patches)


def pixels(vision: Vision, patches: int) -> int:
    """Return the pixels as the processor makes them, in float32, on the first card.

    Whoever calls `generate(**inputs)` holds them until it returns, so that they are there in
    every phase (measured: nesl/fm-switching, study F, whose prefills are met by them).
    """
    return 4 * _numbers(vision) * patches


def embedded(shapes: Shapes, tokens: int, width: int, deepstack: int = 0) -> int:
    """Return the tower's output, which `forward` holds beside the prompt that it went into.

    With `deepstack` (Qwen3-VL) the outputs of so many of its layers are held as well: the first
    decoder layers add them (transformers `Qwen3VLTextModel._deepstack_process`).
    """
    return tokens * shapes.hidden * width * (1 + deepstack)


def _numbers(vision: Vision) -> int:
    return 3 * vision.temporal * vision.patch**2


def vision_attention(shapes: Shapes, grids: Sequence[Grid], setting: Setting) -> int:
    """Return the score matrices of the vision tower's attention.

    Fused kernels keep none. transformers 4.45 to 4.50 pass 3-D tensors to sdpa, which misses
    the fused kernels, with one matrix over all pictures together; 4.51 to 4.53 keep a mask of
    that size; from 4.54 each picture or time step is on its own. Parts below 8.0 have no fused
    kernel for bfloat16 on any version.
    """
    total = sum(g.patches for g in grids)
    version, segment = numbers(setting.transformers), _segment(grids, setting)
    if setting.tower_attention == "flash_attention_2":
        return 0
    if setting.tower_attention == "eager":
        mask = setting.width if version < _SEGMENTS else 0
        return (_eager_bytes(setting.dtype) * shapes.vit_heads + mask) * segment**2
    if version < (4, 51):
        mask = 1 + setting.width
        return (math_bytes(setting) * shapes.vit_heads + mask) * total**2
    mask = _MASK[setting.width].get(minor(setting.transformers), 0) * total**2
    if setting.unfused:
        return mask + math_bytes(setting) * shapes.vit_heads * segment**2
    return mask


def eager_leftover(shapes: Shapes, grids: Sequence[Grid], setting: Setting) -> int:
    """Return what eager attention in bfloat16 leaves in the allocator, on a card with room.

    12 bytes a score are seen where 10 are needed: the first 16-bit scores are freed before the
    softmax comes back in 16 bits, but into another block. Measured: 43.07 GiB for 36.86 needed
    and 2 bytes of 16 x 14308^2 scores.
    """
    if setting.tower_attention != "eager" or setting.dtype != "bfloat16":
        return 0
    return 2 * shapes.vit_heads * _segment(grids, setting) ** 2


def _segment(grids: Sequence[Grid], setting: Setting) -> int:
    """Return the patches that attend to each other: of one time step, or of all before 4.54."""
    if numbers(setting.transformers) >= _SEGMENTS:
        return max((g.patches_per_step for g in grids), default=0)
    return sum(g.patches for g in grids)


def prefill(shapes: Shapes, tokens: int, width: int) -> int:
    """Return the activations of one decoder layer over the prompt: (3 I + 4 H) per token."""
    wide = 3 * shapes.intermediate * shapes.active_experts + 4 * shapes.hidden
    return tokens * width * wide


def prefill_attention(shapes: Shapes, tokens: int, setting: Setting) -> int:
    """Return the score matrices of the prefill; none with fused kernels."""
    if setting.attention == "eager":
        return _eager_bytes(setting.dtype) * shapes.heads * tokens**2
    if setting.attention == "sdpa" and setting.unfused:
        return math_bytes(setting) * shapes.heads * tokens**2
    return 0


@dataclass(frozen=True, kw_only=True)
class Logits:
    """Bytes of the logits: on a single card; else on the last card, and on the first."""

    single: int = 0
    last: int = 0
    first: int = 0


def logits(model: Model, tokens: int, transformers: str, width: int) -> Logits:
    """Return the logits kept at prefill, where they are made for every token of the prompt.

    Qwen2-VL: 6 V L bytes in the previews before 4.45 (16 bits and float32 side by side), 8 in
    4.45 (float32 and its copy), 4 in 4.46 (a copy), 2 from 4.47, none from 5.0. Qwen2.5-VL
    keeps them until 4.53; Qwen3-VL never does. Over several cards accelerate hands them from
    the last card, where the head is, to the first, where the question was.
    """
    version = numbers(transformers)
    if model.family == "qwen3-vl" or version >= (5,):
        return Logits()
    if model.family == "qwen2.5-vl" and version >= _SEGMENTS:
        return Logits()
    table = _LOGITS[width]
    name = "" if version < FIRST_RELEASE else minor(transformers)
    single, last, first = table.get(name, table["later"])
    if model.quantization == "gptq-int4" and version < FIRST_RELEASE:
        # The published figure of this checkpoint on two cards has no copy: its loader of the
        # time kept the head on the first card.
        last, first = 0, single
    each = model.shapes.vocab * tokens
    return Logits(single=single * each, last=last * each, first=first * each)


def kv_cache(shapes: Shapes, tokens: int, width: int) -> int:
    """Return keys and values of every token: 28 / 56 / 320 KiB each for 2B / 7B / 72B."""
    return 2 * shapes.layers * shapes.kv_heads * shapes.head_dim * width * tokens


def rotary_tables(shapes: Shapes, width: int) -> int:
    """Return the cosines and sines that each layer of the previews kept for every position."""
    return 2 * shapes.layers * shapes.max_position_embeddings * shapes.head_dim * width


def math_bytes(setting: Setting) -> int:
    """Return the bytes per score of sdpa's plain mathematics, by torch version.

    Until 2.4 in the dtype itself: scores and softmax. From 2.5 in float32, with a softmax that
    looks for rows of nothing but infinity: 13 in 2.5, 9 from 2.6 on (counted in 2.6 and 2.13).
    """
    version = numbers(setting.torch)
    if version >= (2, 6):
        return 9
    return 13 if version >= (2, 5) else 2 * setting.width


def _eager_bytes(dtype: str) -> int:
    """Return the bytes per score of eager attention, whose softmax is in float32.

    bfloat16: the scores, their float32 copy and its softmax (counted in 4.45 to 5.23). float16
    on a GPU needs no such copy, and then a copy back; float32 needs neither.
    """
    return 10 if dtype == "bfloat16" else 8
