"""A model's configuration as transformers takes it, from the shapes of its recipe."""

from __future__ import annotations

from typing import Any

from setup_assistant.catalog.models import Model, Shapes

# The layers of the vision tower whose output also enters the first decoder layers, by depth
# (config.json of Qwen3-VL 2B/4B and of the larger ones).
_DEEPSTACK = {24: [5, 11, 17], 27: [8, 16, 24]}


# The class of transformers for each kind of configuration.
_CLASSES = {
    "qwen2_vl": "Qwen2VLForConditionalGeneration",
    "qwen2_5_vl": "Qwen2_5_VLForConditionalGeneration",
    "qwen3_vl": "Qwen3VLForConditionalGeneration",
    "qwen3_vl_moe": "Qwen3VLMoeForConditionalGeneration",
}


def architecture(model: Model) -> dict[str, Any]:
    """Return `model_type`, `class`, and the settings `top`, `text`, `vision` and `tokens`."""
    about, shapes = model.architecture, model.shapes
    kind, experts = about.model_type, {}
    if shapes.active_experts > 1:
        kind += "_moe"
        experts = {
            "moe_intermediate_size": shapes.intermediate,
            "num_experts_per_tok": shapes.active_experts,
            "num_experts": 128,
        }
    tokens = about.tokens
    return {
        "model_type": kind,
        "class": _CLASSES[kind],
        "top": {
            "tie_word_embeddings": shapes.tie_word_embeddings,
            "image_token_id": tokens["image"],
            "video_token_id": tokens["video"],
            "vision_start_token_id": tokens["start"],
            "vision_end_token_id": tokens["end"],
        },
        "text": {**_text(shapes), **experts, **about.text},
        "vision": {**_vision(model), **about.vision},
        "tokens": tokens,
    }


def _text(shapes: Shapes) -> dict[str, Any]:
    return {
        "vocab_size": shapes.vocab,
        "hidden_size": shapes.hidden,
        "intermediate_size": shapes.intermediate,
        "num_hidden_layers": shapes.layers,
        "num_attention_heads": shapes.heads,
        "num_key_value_heads": shapes.kv_heads,
        "head_dim": shapes.head_dim,
        "max_position_embeddings": shapes.max_position_embeddings,
        "tie_word_embeddings": shapes.tie_word_embeddings,
        # The defaults are those of the 72B model; its end tokens are not in a small vocabulary.
        "max_window_layers": shapes.layers,
        "bos_token_id": None,
        "eos_token_id": None,
    }


def _vision(model: Model) -> dict[str, Any]:
    shapes, vision = model.shapes, model.vision
    common = {
        "depth": shapes.vit_depth,
        "num_heads": shapes.vit_heads,
        "patch_size": vision.patch,
        "spatial_merge_size": vision.merge,
        "temporal_patch_size": vision.temporal,
    }
    if model.architecture.model_type == "qwen2_vl":
        ratio = shapes.vit_mlp // shapes.vit_dim
        own = {"embed_dim": shapes.vit_dim, "mlp_ratio": ratio, "hidden_size": shapes.hidden}
        return {**common, **own}
    own = {
        "hidden_size": shapes.vit_dim,
        "intermediate_size": shapes.vit_mlp,
        "out_hidden_size": shapes.hidden,
    }
    if model.architecture.model_type == "qwen3_vl":
        return {**common, **own, "deepstack_visual_indexes": _DEEPSTACK[shapes.vit_depth]}
    return {**common, **own}
