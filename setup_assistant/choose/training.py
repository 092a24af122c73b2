"""What fine-tuning with LoRA or QLoRA needs, on one card, with gradients checkpointed.

    need = weights + 16 bytes a trained number + max(vision, kept + max(layer, loss)) + slack
           + context

The tower is frozen. QLoRA is the same over a checkpoint in NF4. The number of trained numbers is
exact (published: 20 185 088 of 8 311 560 704 for rank 8 on every projection of Qwen2-VL-7B). The
rest meets the only published table with known conditions, Qwen-7B's, within a sixth: trainers
differ in what they keep, so that all of it is a rough estimate.
"""

from __future__ import annotations

from typing import Literal

from setup_assistant.catalog.models import Model, Shapes
from setup_assistant.choose import terms
from setup_assistant.choose.memory import CONTEXT, SLACK, Need, Work
from setup_assistant.choose.terms import Setting

Targets = Literal["qv", "attention", "linear"]
# PEFT keeps adapters in float32 (`autocast_adapter_dtype`); so are their gradients and the two
# moments of AdamW.
TRAINED = 16
# What the allocator holds beyond: from the same table.
SLACK_SHARE = 0.1
# Bytes a word and token of the loss: logits in 16 bits and in float32, and their gradient
# (transformers `ForCausalLMLoss`).
LOSS = 10


def trained(shapes: Shapes, rank: int, targets: Targets) -> int:
    """Return how many numbers are trained: rank times both sides of every matrix aimed at.

    `qv` are PEFT's own targets for Qwen2, `attention` its four projections, `linear` these and
    the three of the perceptron. Experts are one tensor each, which PEFT does not aim at.
    """
    return rank * shapes.layers * sum(a + b for a, b in _matrices(shapes, targets))


def estimate(model: Model, work: Work, setting: Setting, rank: int, targets: Targets) -> Need:
    """Return what one step of training over such a prompt and its answer needs."""
    shapes, width = model.shapes, setting.width
    tokens, patches = (work.tokens + work.new_tokens) * work.batch, work.patches * work.batch
    adapters = TRAINED * trained(shapes, rank, targets)
    kept = terms.weights(model, setting.dtype) + adapters
    linear = terms.vision_linear(shapes, model.vision, patches, width)
    vision = linear + terms.vision_attention(shapes, work.grids * work.batch, setting)
    inputs = shapes.layers * tokens * shapes.hidden * width
    layer = _layer(shapes, tokens, width, targets) + terms.unpacked(model, width)
    layer += work.batch * terms.prefill_attention(shapes, tokens // work.batch, setting)
    loss = LOSS * shapes.vocab * tokens
    held = terms.pixels(model.vision, patches)
    held += terms.embedded(shapes, work.seen * work.batch, width, model.vision.deepstack)
    most = max(vision, inputs + max(layer, loss) + held)
    allocated = kept + most
    slack = SLACK + int(SLACK_SHARE * allocated)
    return Need(
        weights=kept - adapters,
        vision=vision,
        prefill=inputs + layer + held,
        logits=loss,
        kv_cache=0,
        slack=slack,
        context=CONTEXT,
        moving=(most,),
        allocated=allocated,
        total=allocated + slack + CONTEXT,
    )


def _matrices(shapes: Shapes, targets: Targets) -> list[tuple[int, int]]:
    wide, narrow = (n * shapes.head_dim for n in (shapes.heads, shapes.kv_heads))
    found = [(shapes.hidden, wide), (shapes.hidden, narrow)]
    if targets != "qv":
        found += [(shapes.hidden, narrow), (wide, shapes.hidden)]
    if targets == "linear" and shapes.active_experts == 1:
        found += [(shapes.hidden, shapes.intermediate)] * 2
        found.append((shapes.intermediate, shapes.hidden))
    return found


def _layer(shapes: Shapes, tokens: int, width: int, targets: Targets) -> int:
    """Return what one layer keeps while it is computed again, and its gradients.

    About six of each width in the model's own numbers, and the inputs of adapters in float32.
    """
    wide = shapes.intermediate * shapes.active_experts
    inputs = sum(a for a, _b in _matrices(shapes, targets))
    return tokens * (6 * width * (shapes.hidden + wide) + 4 * inputs)
