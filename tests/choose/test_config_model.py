"""A model from its config.json: the numbers that the recipes have, without the recipes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from setup_assistant.catalog.architecture import architecture
from setup_assistant.catalog.models import Model
from setup_assistant.choose.config_model import ShapeError, described
from setup_assistant.host import paths
from tests.choose.described import known

DENSE = [m for m in known().models if m.quantization == "none" and m.shapes.active_experts == 1]
LIKE = next(m for m in known().models if m.id == "Qwen/Qwen2-VL-2B-Instruct")


def config(model: Model) -> dict[str, Any]:
    said = architecture(model)
    tower = dict(said["vision"])
    if model.architecture.model_type == "qwen2_5_vl":
        tower["hidden_act"] = "silu"
    return {
        "model_type": said["model_type"],
        "text_config": said["text"],
        "vision_config": tower,
        **said["top"],
    }


@pytest.mark.parametrize("model", DENSE, ids=lambda m: m.id)
def test_every_known_model_is_met(model: Model) -> None:
    found = described("it", config(model), LIKE)
    assert not found.rough
    assert found.model.shapes.params_total == pytest.approx(model.shapes.params_total, rel=0.02)
    assert found.model.shapes.kv_heads == model.shapes.kv_heads
    assert found.model.vision.patch == model.vision.patch
    assert found.model.shapes.vit_heads == model.shapes.vit_heads


def test_a_file_as_it_lies_on_a_disk() -> None:
    """The canary's: the flat form that transformers 4 wrote."""
    file = paths.recipes_folder() / "canary" / "model" / "config.json"
    found = described("canary", json.loads(file.read_text()), LIKE)
    assert found.model.shapes.params_total == pytest.approx(1_161_000, rel=0.05)


def test_a_quantized_one_is_smaller() -> None:
    base = config(LIKE)
    for method, bits, kind in (("awq", 4, "awq"), ("gptq", 8, "gptq-int8"), ("fp8", 8, "fp8")):
        said = {"quant_method": method, "bits": bits}
        found = described("it", {**base, "quantization_config": said}, LIKE).model
        assert found.quantization == kind
        assert found.weights_bytes < LIKE.weights_bytes * (0.6 if bits == 4 else 0.8)


def test_another_family_is_a_rough_estimate() -> None:
    text = {
        "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
        "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
        "vocab_size": 128256, "max_position_embeddings": 131072,
    }  # fmt: skip
    found = described("llama", text, LIKE)
    assert found.rough
    assert found.model.shapes.params_total == pytest.approx(8.03e9, rel=0.01)


def test_what_a_vision_tower_does_not_say_is_the_usual() -> None:
    text = config(LIKE)
    said = {"hidden_size": 64, "num_hidden_layers": 24, "patch_size": 14, "spatial_merge_size": 2,
            "temporal_patch_size": 2, "intermediate_size": 256, "num_heads": 16}  # fmt: skip
    bare = described("it", {**text, "vision_config": {"hidden_size": 64}}, LIKE).model
    assert bare.shapes == described("it", {**text, "vision_config": said}, LIKE).model.shapes
    gated = {**said, "hidden_act": "silu"}
    more = described("it", {**text, "vision_config": gated}, LIKE).model.shapes
    assert more.params_total - bare.shapes.params_total == 24 * 64 * 256
    deep = {**said, "deepstack_visual_indexes": [1, 2]}
    more = described("it", {**text, "vision_config": deep}, LIKE).model.shapes
    merged = 64 * 4
    added = 2 * (merged * merged + merged * text["text_config"]["hidden_size"])
    assert more.params_total - bare.shapes.params_total == added


@pytest.mark.parametrize("value", [None, "many", -1, 0, True, 3.5])
def test_a_missing_or_wrong_number_is_named(value: object) -> None:
    text = {**config(LIKE), "text_config": {**config(LIKE)["text_config"], "vocab_size": value}}
    with pytest.raises(ShapeError, match="vocab_size"):
        described("it", text, LIKE)
