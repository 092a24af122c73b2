"""Whether the weights are of the size that config.json says, by names and shapes alone."""

from __future__ import annotations

import re
from typing import Any

from setup_assistant.messages import msg
from setup_assistant.weights.model_folder import ModelFolder

# Layers of the language model; those of the tower that sees have other names and sizes.
_TOWER = re.compile(r"vis(?:ion|ual)|image|audio|resampler|projector")
_BLOCK = re.compile(r"\blayers\.\d+\.(self_attn\.\w+|mlp\.\w+)\.weight$")


def differs(folder: ModelFolder) -> str:
    """Return how the weights differ from config.json; "" where they agree, or cannot tell."""
    shapes = {n: s for header in folder.headers.values() for n, s in header.shapes.items()}
    config = folder.config
    text: dict[str, Any] = {**config, **(config.get("text_config") or {})}
    if config.get("quantization_config"):
        # Packed weights have other shapes; their names still tell the number of layers.
        return _layers(shapes, text)
    return _layers(shapes, text) or _width(shapes, text) or _blocks(shapes, text)


def _layers(shapes: dict[str, list[int]], config: dict[str, Any]) -> str:
    wanted = config.get("num_hidden_layers")
    found = {int(m[1]) for n in shapes if (m := re.search(r"(?<!visual\.)\blayers\.(\d+)\.", n))}
    if not isinstance(wanted, int) or not found:
        return ""
    lacking = sorted(set(range(wanted)) - found)
    if lacking:
        said = msg("num_hidden_layers {wanted}, but no layer {layer}", wanted=wanted,
                   layer=lacking[0])  # fmt: skip
        return str(said)
    most = max(found)
    said = msg("num_hidden_layers {wanted}, but a layer {layer}", wanted=wanted, layer=most)
    return str(said) if most >= wanted else ""


def _width(shapes: dict[str, list[int]], config: dict[str, Any]) -> str:
    name = next((n for n in shapes if n.endswith("embed_tokens.weight")), None)
    width, words = config.get("hidden_size"), config.get("vocab_size")
    if name is None or not isinstance(width, int):
        return ""
    held = shapes[name]
    if len(held) == 2 and (held[1] != width or (isinstance(words, int) and held[0] != words)):
        return f"hidden_size {width}, vocab_size {words}, but {name} is {held[0]} x {held[1]}"
    return ""


def _blocks(shapes: dict[str, list[int]], config: dict[str, Any]) -> str:
    """Compare every layer's attention and feed-forward matrices with config.json."""
    keys = ("hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads")
    width, inner, heads, groups = (config.get(key) for key in keys)
    if not (isinstance(width, int) and isinstance(heads, int) and heads > 0):
        return ""
    each = config.get("head_dim") or width // heads
    groups = groups if isinstance(groups, int) else heads
    wanted: dict[str, list[Any]] = {
        "self_attn.q_proj": [heads * each, width], "self_attn.o_proj": [width, heads * each],
        "self_attn.k_proj": [groups * each, width], "self_attn.v_proj": [groups * each, width],
        "mlp.gate_proj": [inner, width], "mlp.up_proj": [inner, width],
        "mlp.down_proj": [width, inner],
    }  # fmt: skip
    for name, shape in shapes.items():
        part = None if _TOWER.search(name) else _BLOCK.search(name)
        should = wanted.get(part[1]) if part else None
        if should and None not in should and shape != should:
            said = msg("{tensor} should be {wanted}, and is {held}", tensor=ascii(name)[1:-1],
                       wanted=str(should), held=str(shape))  # fmt: skip
            return str(said)
    return ""
