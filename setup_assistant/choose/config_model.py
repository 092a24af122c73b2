"""A model from its own config.json: what is known of it, and what is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from setup_assistant.catalog.models import Model, Shapes, Vision

# model_type → the family whose terms hold; of any other only the common terms are counted.
FAMILIES = {
    "qwen2_vl": "qwen2-vl",
    "qwen2_5_vl": "qwen2.5-vl",
    "qwen3_vl": "qwen3-vl",
    "qwen3_vl_moe": "qwen3-vl",
}
_BYTES_OF_BITS = {4: 0.5 + 2.5 / 128, 8: 1 + 3 / 128}


class ShapeError(ValueError):
    """A configuration without a number that the formula needs; the text names the key."""


@dataclass(frozen=True, kw_only=True)
class Described:
    """The model, and whether its family's own terms are counted (else it is a rough estimate)."""

    model: Model
    rough: bool


def described(name: str, config: Mapping[str, Any], like: Model) -> Described:
    """Return the model of a configuration.

    Args:
        name: what to call it, e.g. its folder.
        config: the content of config.json.
        like: a model whose architecture stands in for what is not said.

    Raises:
        ShapeError: a number that the formula needs is missing or no whole number.
    """
    kind = str(config.get("model_type"))
    text = config.get("text_config")
    text = {**config, **text} if isinstance(text, Mapping) else config
    vision = config.get("vision_config")
    tower = vision if isinstance(vision, Mapping) else {}
    shapes = _shapes(text, tower)
    quantization, weights = _weights(config, shapes)
    model = replace(
        like,
        id=name,
        family=FAMILIES.get(kind, kind),
        quantization=quantization,
        weights_bytes=weights,
        download_bytes=weights,
        shapes=shapes,
        vision=_vision(tower, like.vision),
        sums=None,
        base="",
    )
    return Described(model=model, rough=kind not in FAMILIES)


def _weights(config: Mapping[str, Any], shapes: Shapes) -> tuple[Any, int]:
    said = config.get("quantization_config")
    whole = 2 * shapes.params_total
    if not isinstance(said, Mapping):
        return "none", whole
    bits = said.get("bits", said.get("w_bit", 8 if said.get("quant_method") == "fp8" else 4))
    method = str(said.get("quant_method"))
    kinds = {"awq": "awq", "fp8": "fp8", "bitsandbytes": "nf4", "gptq": f"gptq-int{bits}"}
    each = _BYTES_OF_BITS.get(bits, 2.0)
    linear = shapes.params_lang_linear
    return kinds.get(method, "awq"), int(whole - 2 * linear + each * linear)


def _vision(tower: Mapping[str, Any], usual: Vision) -> Vision:
    return replace(
        usual,
        patch=int(tower.get("patch_size") or usual.patch),
        merge=int(tower.get("spatial_merge_size") or usual.merge),
        temporal=int(tower.get("temporal_patch_size") or usual.temporal),
    )


def _shapes(text: Mapping[str, Any], tower: Mapping[str, Any]) -> Shapes:
    hidden, layers = _number(text, "hidden_size"), _number(text, "num_hidden_layers")
    heads = _number(text, "num_attention_heads")
    kv_heads = _number(text, "num_key_value_heads", heads)
    head_dim = _number(text, "head_dim", hidden // heads)
    vocab = _number(text, "vocab_size")
    wide = _number(text, "intermediate_size")
    experts = _number(text, "num_experts", 1)
    if experts > 1:
        wide = _number(text, "moe_intermediate_size", wide)
    tied = bool(text.get("tie_word_embeddings", False))
    attention = 2 * hidden * head_dim * (heads + kv_heads)
    linear = layers * (attention + experts * 3 * hidden * wide)
    vit = _tower(tower, hidden)
    own = linear + vocab * hidden * (1 if tied else 2) + (2 * layers + 1) * hidden
    return Shapes(
        params_total=own + vit["params"],
        params_vision=vit["params"],
        params_lang_linear=linear,
        hidden=hidden,
        layers=layers,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        intermediate=wide,
        vocab=vocab,
        max_position_embeddings=_number(text, "max_position_embeddings", 32_768),
        tie_word_embeddings=tied,
        vit_depth=vit["depth"],
        vit_dim=vit["dim"],
        vit_heads=vit["heads"],
        vit_mlp=vit["mlp"],
        active_experts=_number(text, "num_experts_per_tok", 1) if experts > 1 else 1,
    )


def _tower(tower: Mapping[str, Any], hidden: int) -> dict[str, int]:
    """Return the vision tower; a text model has none."""
    if not tower:
        return {"params": 0, "depth": 0, "dim": 0, "heads": 1, "mlp": 0}
    dim = _number(tower, "embed_dim", _number(tower, "hidden_size"))
    depth = _number(tower, "depth", _number(tower, "num_hidden_layers", 24))
    mlp = _number(tower, "intermediate_size", int(dim * float(tower.get("mlp_ratio", 4))))
    patch, merge = _number(tower, "patch_size", 14), _number(tower, "spatial_merge_size", 2)
    numbers = 3 * _number(tower, "temporal_patch_size", 2) * patch**2
    gated = 3 if str(tower.get("hidden_act", "")).startswith("silu") else 2
    layer = 4 * dim * dim + gated * dim * mlp
    merged = dim * merge**2
    # Qwen3-VL has a merger more for every layer that also enters the first decoder layers.
    mergers = 1 + len(tower.get("deepstack_visual_indexes") or ())
    params = numbers * dim + depth * layer + mergers * (merged * merged + merged * hidden)
    heads = _number(tower, "num_heads", _number(tower, "num_attention_heads", 16))
    return {"params": params, "depth": depth, "dim": dim, "mlp": mlp, "heads": heads}


def _number(config: Mapping[str, Any], key: str, usual: int | None = None) -> int:
    value = config.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ShapeError(key)
    return value
