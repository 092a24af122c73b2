"""How much memory one call of `generate()` needs, as a closed formula.

In bytes; the parts are in `terms`. The phases of a call (vision, prefill, logits,
decode) follow each other, so that on each card the largest counts, not their sum:

    need = weights + max(vision, prefill + kv, logits + kv, kv) + slack + context

The pixels that went in are there in every phase. Of several cards the first holds the vision
tower and reads the logits, the last makes the logits, and each holds the activations of its own
layers; the peaks of all of them add up.
"""

from __future__ import annotations

from dataclasses import dataclass

from setup_assistant.catalog.models import Model
from setup_assistant.choose import terms
from setup_assistant.choose.terms import BYTES, Setting
from setup_assistant.choose.vision_tokens import MARKERS, Grid
from setup_assistant.units_text import GIB

__all__ = ["BYTES", "CONTEXT", "GIB", "SLACK", "Need", "Setting", "Work", "estimate"]

# The CUDA context of one process on one GPU (measured 0.4 to 0.5 GiB).
CONTEXT = int(0.45 * GIB)
# Python with torch and transformers loaded and a model built, on a CPU: resident 0.77 GiB, and
# 0.16 GiB of packed weights and buffers in the first call (torch 2.15, transformers 5.23).
CPU_CONTEXT = int(0.95 * GIB)
SLACK = int(0.35 * GIB)
SLACK_SHARE = 0.55
# The C library gives large blocks back at once: rehearsals of 2B over 1 024 to 15 552 patches.
CPU_SLACK_SHARE = 0.10
TERMS = ("weights", "vision", "prefill", "logits", "kv_cache", "slack", "context")
TEXT_TOKENS = 64
NEW_TOKENS = 128


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one call is given: grids of pictures and videos, and tokens of text.

    `batch` such prompts go side by side; each beam of a search counts as one, since `generate`
    repeats the prompt, its pictures included, before it is read.
    """

    grids: tuple[Grid, ...] = ()
    text_tokens: int = TEXT_TOKENS
    new_tokens: int = NEW_TOKENS
    batch: int = 1

    @property
    def patches(self) -> int:
        """Patches of everything the vision tower sees."""
        return sum(g.patches for g in self.grids)

    @property
    def seen(self) -> int:
        """Tokens of everything the vision tower saw."""
        return sum(g.tokens for g in self.grids)

    @property
    def tokens(self) -> int:
        """Tokens of the prompt."""
        marks = sum(MARKERS + g.marks for g in self.grids)
        return self.text_tokens + self.seen + marks


@dataclass(frozen=True, kw_only=True)
class Need:
    """The bytes of one call, term by term. The terms do not add up: see the module.

    `moving` is what comes and goes, on each card in order. `allocated` is what torch itself
    reports as its peak (`torch.cuda.max_memory_allocated`, summed over the cards): without
    slack and context. `total` is what the process takes, as nvidia-smi shows it. `shown` is what
    nvidia-smi shows beside that on a card with room: it comes and goes, and is not needed.
    """

    weights: int
    vision: int
    prefill: int
    logits: int
    kv_cache: int
    slack: int
    context: int
    moving: tuple[int, ...]
    allocated: int
    total: int
    shown: int = 0

    def terms(self) -> dict[str, int]:
        """Return the terms by name."""
        return {name: getattr(self, name) for name in TERMS}


def estimate(model: Model, work: Work, setting: Setting) -> Need:
    """Return the memory that one call needs.

    For previews of transformers from before the first release that knew these models the
    figures count as their authors' published tables do: torch's own peak, with the rotary
    tables of that time as slack, and no context.
    """
    shapes, width = model.shapes, setting.width
    tokens, patches = work.tokens * work.batch, work.patches * work.batch
    linear = terms.vision_linear(shapes, model.vision, patches, width)
    vision = linear + terms.vision_attention(shapes, work.grids * work.batch, setting)
    fill = terms.prefill(shapes, tokens, width)
    prompt = fill + work.batch * terms.prefill_attention(shapes, work.tokens, setting)
    prompt += terms.unpacked(model, width)
    pixels = terms.pixels(model.vision, patches)
    held = pixels + terms.embedded(shapes, work.seen * work.batch, width, model.vision.deepstack)
    read = terms.logits(model, tokens, setting.transformers, width)
    # Those of the answer come later than the prompt's, but are the smaller part.
    kv_cache = terms.kv_cache(shapes, tokens + work.new_tokens * work.batch, width)
    if setting.gpus == 1:
        most = max(vision - kv_cache, prompt + held, read.single + held, pixels)
        moving: tuple[int, ...] = (most,)
    else:
        between = (prompt,) * (setting.gpus - 2)
        most = max(vision, prompt + held, read.first + held)
        moving = (most, *between, max(prompt, read.last))
    kept = terms.weights(model, setting.dtype)
    if setting.preview:
        slack, context = terms.rotary_tables(shapes, width), 0
    else:
        slack = _slack(max(linear, fill), setting)
        context = CPU_CONTEXT if setting.part is None else CONTEXT * setting.gpus
    allocated = kept + sum(moving) + kv_cache + (slack if setting.preview else 0)
    return Need(
        weights=kept,
        vision=vision,
        prefill=prompt + held,
        logits=read.single if setting.gpus == 1 else read.first + read.last,
        kv_cache=kv_cache,
        slack=slack,
        context=context,
        moving=moving,
        allocated=allocated,
        total=allocated if setting.preview else allocated + slack + context,
        shown=terms.eager_leftover(shapes, work.grids * work.batch, setting),
    )


def _slack(linear: int, setting: Setting) -> int:
    """Return what the allocator holds beyond what is in use (on a GPU 0.4 to 0.75 of it)."""
    if setting.part is None:
        return int(CPU_SLACK_SHARE * linear)
    return SLACK * setting.gpus + int(SLACK_SHARE * linear)
