"""The ids that people type."""

from __future__ import annotations

import pytest

from setup_assistant.choose.model_names import find
from setup_assistant.errors import SetupError
from tests.choose.described import known, plan_for

CARD = "RTX 4090,8.9,24564,24000"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("qwen2-vl-7b", "Qwen/Qwen2-VL-7B-Instruct"),
        ("Qwen2VL 7B", "Qwen/Qwen2-VL-7B-Instruct"),
        ("qwen2_vl_2b_instruct", "Qwen/Qwen2-VL-2B-Instruct"),
        ("Qwen/Qwen2VL-7B-Instruct", "Qwen/Qwen2-VL-7B-Instruct"),
        ("qwen2-vl-7b-awq", "Qwen/Qwen2-VL-7B-Instruct-AWQ"),
        ("qwen2-vl-72b-gptq-int4", "Qwen/Qwen2-VL-72B-Instruct-GPTQ-Int4"),
        ("qwen2.5-vl-3b", "Qwen/Qwen2.5-VL-3B-Instruct"),
        ("Qwen/Qwen2-VL-7B", "Qwen/Qwen2-VL-7B"),
        ("qwen2-vl-2b-base", "Qwen/Qwen2-VL-2B"),
        ("Qwen/Qwen3-VL-8B-Thinking", "Qwen/Qwen3-VL-8B-Thinking"),
        ("Qwen/Qwen3-VL-4B-Instruct-FP8", "Qwen/Qwen3-VL-4B-Instruct-FP8"),
        ("qwen3-vl-30b-a3b-thinking-fp8", "Qwen/Qwen3-VL-30B-A3B-Thinking-FP8"),
        ("canary", "canary"),
    ],
)
def test_what_is_typed_is_understood(typed: str, meant: str) -> None:
    found = find(known().models, typed)
    assert found is not None
    assert found.id == meant


@pytest.mark.parametrize("typed", ["", "qwen", "qwen2-vl", "qwen2-vl-9b", "llava-7b", "awq", "fp8"])
def test_what_is_none_of_them_stays_unknown(typed: str) -> None:
    assert find(known().models, typed) is None


def test_another_training_has_the_shape_but_not_the_sums() -> None:
    thinking = find(known().models, "Qwen/Qwen3-VL-8B-Thinking")
    instruct = find(known().models, "Qwen/Qwen3-VL-8B-Instruct")
    assert thinking is not None
    assert instruct is not None
    assert thinking.shapes == instruct.shapes
    assert thinking.sha256 == {}
    assert thinking.modelscope_id == "Qwen/Qwen3-VL-8B-Thinking"


def test_fp8_weighs_half_of_the_linear_layers() -> None:
    """The hub's own count of the repository: 8 767 547 632 numbers, of them 6.95e9 in one byte."""
    found = find(known().models, "Qwen/Qwen3-VL-8B-Instruct-FP8")
    assert found is not None
    assert found.weights_bytes == pytest.approx(2 * (8.7676e9 - 6.9458e9) + 6.9458e9, rel=0.001)
    with pytest.raises(SetupError) as caught:
        plan_for("580.95.05", CARD, model="Qwen/Qwen3-VL-8B-Instruct-FP8")
    assert caught.value.code == "kernels_missing"


@pytest.mark.parametrize(
    ("family", "model"),
    [("qwen2.5-vl", "Qwen/Qwen2.5-VL-7B-Instruct"), ("qwen3-vl", "Qwen/Qwen3-VL-8B-Instruct")],
)
def test_a_family_is_taken_all_the_way(family: str, model: str) -> None:
    plan = plan_for("580.95.05", CARD, family=family)
    assert plan.model.id == model
    assert {a.what.split("-VL-")[0] for a in plan.alternatives if a.kind == "model"} == {
        model.split("-VL-", maxsplit=1)[0]
    }
    named = plan_for("580.95.05", CARD, model=model)
    assert named.model == plan.model


def test_the_plan_says_which_of_the_newer_families_fit() -> None:
    plan = plan_for("580.95.05", CARD)
    said = [r.message.english for r in plan.reasons if r.about == "model.family"]
    assert len(said) == 1
    assert "Qwen/Qwen2.5-VL-7B-Instruct, Qwen/Qwen3-VL-8B-Instruct would fit" in said[0]
    old = plan_for("470.256.02", "Tesla K80,3.7,11441,11300", python="3.8")
    assert not [r for r in old.reasons if r.about == "model.family"]
    with pytest.raises(SetupError) as caught:
        plan_for("470.256.02", "Tesla K80,3.7,11441,11300", python="3.8", family="qwen3-vl")
    assert caught.value.code == "model_too_new"
