"""Whether the weights are of the size that config.json says, by names and shapes alone."""

from __future__ import annotations

import re
from typing import Any

from setup_assistant.doctor.model import ModelFolder
from setup_assistant.messages import msg


def differs(folder: ModelFolder) -> str:
    """Return how the weights differ from config.json; "" where they agree, or cannot tell."""
    shapes = {n: s for header in folder.headers.values() for n, s in header.shapes.items()}
    config = folder.config
    text: dict[str, Any] = {**config, **(config.get("text_config") or {})}
    if config.get("quantization_config"):
        # Packed weights have other shapes; their names still tell the number of layers.
        return _layers(shapes, text)
    return _layers(shapes, text) or _width(shapes, text)


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
