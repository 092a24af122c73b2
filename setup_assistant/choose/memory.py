"""How much memory one call of `generate()` needs, as a closed formula.

Batch 1, in bytes. Constants were read from the sources of transformers, torch and
qwen_vl_utils and checked against published measurements; each function names its part.
The phases of a call (vision, prefill, logits, decode) follow each other, so that the largest
counts, not their sum:

    need = weights + max(vision, prefill + kv, logits + kv, kv) + slack + context
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from setup_assistant.catalog.models import Model, Shapes, Vision
from setup_assistant.choose.tokens import MARKERS, Grid
from setup_assistant.choose.versions import at_least, minor, numbers

GIB = 1 << 30
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
# The CUDA context of one process on one GPU (measured 0.4 to 0.5 GiB).
CONTEXT = int(0.45 * GIB)
# Python with torch and transformers loaded and a model built, on a CPU: resident 0.77 GiB, and
# 0.16 GiB of packed weights and buffers in the first call (torch 2.15, transformers 5.23).
CPU_CONTEXT = int(0.95 * GIB)
SLACK = int(0.35 * GIB)
SLACK_SHARE = 0.55
# The C library gives large blocks back at once: rehearsals of 2B over 1 024 to 15 552 patches.
CPU_SLACK_SHARE = 0.10
# Measured totals over several GPUs lie above the sum; weights are exact, the rest is not.
SEVERAL = 1.10
# Bytes per pair of patches of the vision mask, and per token and word of the logits.
_MASK_BYTES = {"4.51": 4, "4.52": 4, "4.53": 2}
_LOGIT_BYTES = {"4.45": 8, "4.46": 4}
TEXT_TOKENS = 64
NEW_TOKENS = 128


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one call is given: grids of pictures and videos, and tokens of text."""

    grids: tuple[Grid, ...] = ()
    text_tokens: int = TEXT_TOKENS
    new_tokens: int = NEW_TOKENS

    @property
    def patches(self) -> int:
        """Patches of everything the vision tower sees."""
        return sum(g.patches for g in self.grids)

    @property
    def tokens(self) -> int:
        """Tokens of the prompt."""
        return self.text_tokens + sum(g.tokens + MARKERS for g in self.grids)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where it runs. `part` is the compute capability, None for a CPU."""

    dtype: str
    part: str | None
    transformers: str = "5.23.0"
    torch: str = "2.15.0"
    attention: str = "sdpa"
    gpus: int = 1


@dataclass(frozen=True, kw_only=True)
class Need:
    """The bytes of one call, term by term. The terms do not add up: see the module."""

    weights: int
    vision: int
    prefill: int
    logits: int
    kv_cache: int
    slack: int
    context: int
    total: int

    @property
    def peak(self) -> int:
        """The largest phase."""
        kv = self.kv_cache
        return max(self.vision, self.prefill + kv, self.logits + kv, kv)

    def terms(self) -> dict[str, int]:
        """Return the terms by name."""
        return {
            "weights": self.weights,
            "vision": self.vision,
            "prefill": self.prefill,
            "logits": self.logits,
            "kv_cache": self.kv_cache,
            "slack": self.slack,
            "context": self.context,
        }


def estimate(model: Model, work: Work, setting: Setting) -> Need:
    """Return the memory that one call needs."""
    shapes, width = model.shapes, BYTES[setting.dtype]
    linear = vision_linear(shapes, model.vision, work.patches, width)
    fill = prefill(shapes, work.tokens, width)
    need = Need(
        weights=weights(model, setting.dtype),
        vision=linear + vision_attention(shapes, work.grids, setting),
        prefill=fill + prefill_attention(shapes, work.tokens, setting),
        logits=logits(model, work.tokens, setting.transformers, width),
        kv_cache=kv_cache(shapes, work.tokens + work.new_tokens, width),
        slack=slack(max(linear, fill), setting),
        context=CPU_CONTEXT if setting.part is None else CONTEXT * setting.gpus,
        total=0,
    )
    moving = need.peak + need.slack
    if setting.gpus > 1:
        moving = int(moving * SEVERAL)
    return replace(need, total=need.weights + moving + need.context)


def weights(model: Model, dtype: str) -> int:
    """Return the bytes of the weights; float32 doubles what is kept in 16 bits.

    In quantized checkpoints the vision tower, embeddings and head stay in 16 bits.
    """
    if dtype != "float32" or model.quantization != "none":
        return model.weights_bytes
    return 2 * model.weights_bytes


def vision_linear(shapes: Shapes, vision: Vision, patches: int, width: int) -> int:
    """Return the activations of the vision tower's linear layers.

    34.5 times its width per patch in 16 bits, and the pixels: float32 as the processor makes
    them, and once more in the tower's dtype (1176 numbers a patch for Qwen2-VL).
    """
    pixels = 3 * vision.temporal * vision.patch**2
    return int(patches * (34.5 * shapes.vit_dim * width / 2 + pixels * (4 + width)))


def vision_attention(shapes: Shapes, grids: Sequence[Grid], setting: Setting) -> int:
    """Return the score matrices of the vision tower's attention.

    Fused kernels keep none. transformers 4.45 to 4.50 pass 3-D tensors to sdpa, which misses
    the fused kernels, with one matrix over all pictures together; 4.51 to 4.53 keep a mask of
    that size; from 4.54 each picture or time step is on its own. Parts below 8.0 have no fused
    kernel for bfloat16 on any version.
    """
    total = sum(g.patches for g in grids)
    largest = max((g.patches_per_step for g in grids), default=0)
    version = numbers(setting.transformers)
    segment = largest if version >= (4, 54) else total
    if setting.attention == "flash_attention_2":
        return 0
    if setting.attention == "eager":
        per_score = 12 if setting.dtype == "bfloat16" else 8
        return per_score * shapes.vit_heads * segment**2
    if version < (4, 51):
        return (_math_bytes(setting.torch) * shapes.vit_heads + 3) * total**2
    mask = _MASK_BYTES.get(minor(setting.transformers), 0) * total**2
    if _unfused(setting):
        return mask + _math_bytes(setting.torch) * shapes.vit_heads * segment**2
    return mask


def prefill(shapes: Shapes, tokens: int, width: int) -> int:
    """Return the activations of one decoder layer over the prompt: (3 I + 4 H) per token."""
    wide = 3 * shapes.intermediate * shapes.active_experts + 4 * shapes.hidden
    return tokens * width * wide


def prefill_attention(shapes: Shapes, tokens: int, setting: Setting) -> int:
    """Return the score matrices of the prefill; none with fused kernels."""
    if setting.attention == "eager":
        return 8 * shapes.heads * tokens**2
    if setting.attention == "sdpa" and _unfused(setting):
        return _math_bytes(setting.torch) * shapes.heads * tokens**2
    return 0


def logits(model: Model, tokens: int, transformers: str, width: int) -> int:
    """Return the logits kept at prefill, where they are made for every token of the prompt.

    Qwen2-VL: 6 V L bytes in the previews before 4.45 (16 bits and float32 side by side), 8 in
    4.45 (float32 and its copy), 4 in 4.46, 2 from 4.47, none from 5.0. Qwen2.5-VL keeps them
    until 4.53; Qwen3-VL never does.
    """
    version = numbers(transformers)
    if model.family == "qwen3-vl" or version >= (5,):
        return 0
    if model.family == "qwen2.5-vl" and version >= (4, 54):
        return 0
    per = 6 if version < (4, 45) else _LOGIT_BYTES.get(minor(transformers), 2)
    return per * max(1, width // 2) * model.shapes.vocab * tokens


def kv_cache(shapes: Shapes, tokens: int, width: int) -> int:
    """Return keys and values of every token: 28 / 56 / 320 KiB each for 2B / 7B / 72B."""
    return 2 * shapes.layers * shapes.kv_heads * shapes.head_dim * width * tokens


def slack(linear: int, setting: Setting) -> int:
    """Return what the allocator holds beyond what is in use (on a GPU 0.4 to 0.75 of it)."""
    if setting.part is None:
        return int(CPU_SLACK_SHARE * linear)
    return SLACK * setting.gpus + int(SLACK_SHARE * linear)


def _unfused(setting: Setting) -> bool:
    """Whether sdpa falls back to plain mathematics: bfloat16 below compute capability 8.0."""
    if setting.part is None or setting.dtype != "bfloat16":
        return False
    return not at_least(setting.part, "8.0")


def _math_bytes(torch: str) -> int:
    """Return the bytes per score of sdpa's plain mathematics, by torch version."""
    version = numbers(torch)
    if version >= (2, 6):
        return 9
    return 13 if version >= (2, 5) else 4
