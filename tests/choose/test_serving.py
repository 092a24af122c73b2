"""Servers and split models, against what their logs said where other people ran them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from setup_assistant.catalog.models import Model
from setup_assistant.choose import serving
from setup_assistant.choose.config_model import described
from setup_assistant.choose.parallel import Split, SplitError, check, share_of_weights
from setup_assistant.choose.serving import Served
from setup_assistant.choose.terms import Setting
from tests.choose.described import GIB, known

SETTING = Setting(dtype="bfloat16", part="8.0")
LLAMA = {
    "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "vocab_size": 128256,
    "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336,
}  # fmt: skip


def named(name: str) -> Model:
    return next(m for m in known().models if m.id == f"Qwen/{name}")


def test_one_request_of_full_length_needs_the_published_pool() -> None:
    """xorbitsai/inference issue 4926, Qwen3-VL in vLLM: "36.0 GiB KV cache is needed", and
    6.94 GiB hold a prompt of 50512 tokens at most."""
    model, one = named("Qwen3-VL-8B-Instruct"), Served(users=1, context=262_144)
    assert serving.pool(model, one, 2) / GIB == 36.0
    held = serving.pool(model, Served(users=1, context=50_512), 2)
    assert held / GIB == pytest.approx(6.94, rel=0.001)


def test_the_published_number_of_blocks_fits_on_each_of_two_cards() -> None:
    """vllm issue 15815, Qwen2.5-32B (the language model of Qwen2.5-VL-32B) on two cards:
    7.71 GiB of each are 3947 blocks of 16 tokens."""

    def pool(blocks: int) -> int:
        served = Served(users=1, context=blocks * 16, split=Split(cards=2))
        return serving.pool(named("Qwen2.5-VL-32B-Instruct"), served, 2)

    assert pool(3947) <= 7.71 * GIB < pool(3948)


def test_the_published_pool_of_sglang_holds_its_tokens() -> None:
    """vllm issue 21348, SGLang, Qwen3-235B-A22B over four cards: 367404 tokens in 8.23 GiB of
    keys and as much of values."""
    served = Served(users=1, context=367_404, engine="sglang", split=Split(cards=4))
    size = serving.pool(named("Qwen3-VL-235B-A22B-Instruct"), served, 2)
    assert size / 2 / GIB == pytest.approx(8.23, abs=0.005)


def test_a_card_holds_the_published_share_of_the_weights() -> None:
    """vllm issue 16570 (34.43 GiB on each of four cards) and pull request 10511 (14.96 GiB on
    one card, 7.48 on each of two)."""
    large = named("Qwen2.5-VL-72B-Instruct")
    assert share_of_weights(large, "bfloat16", Split(cards=4)) / GIB == pytest.approx(
        34.43, rel=0.01
    )
    llama = described("llama", LLAMA, named("Qwen2-VL-2B-Instruct")).model
    for cards, gib in ((1, 14.96), (2, 7.48)):
        assert share_of_weights(llama, "bfloat16", Split(cards=cards)) / GIB == pytest.approx(
            gib, abs=0.01
        )


def test_a_whole_tower_is_on_every_card() -> None:
    model = named("Qwen2-VL-7B-Instruct")
    tower = 2 * model.shapes.params_vision
    split, whole = (
        share_of_weights(model, "bfloat16", Split(cards=4, whole_tower=w)) for w in (False, True)
    )
    assert whole - split == pytest.approx(tower * 3 / 4, abs=4)


@pytest.mark.parametrize(
    ("name", "cards", "whole", "heads"),
    [("7B", 3, True, "28"), ("2B", 3, False, "16"), ("2B", 3, True, ""), ("7B", 4, False, "")],
)
def test_heads_are_never_cut(name: str, cards: int, whole: bool, heads: str) -> None:
    shapes, split = named(f"Qwen2-VL-{name}-Instruct").shapes, Split(cards=cards, whole_tower=whole)
    if not heads:
        check(shapes, split)
        return
    with pytest.raises(SplitError, match=heads):
        check(shapes, split)


def test_the_most_users_fit_and_one_more_does_not() -> None:
    model, served = named("Qwen2-VL-7B-Instruct"), Served(users=1, context=4096)
    room = 40 * GIB
    most = serving.most_users(model, served, SETTING, room)
    assert most > 1
    assert serving.estimate(model, replace(served, users=most), SETTING).total <= room
    assert serving.estimate(model, replace(served, users=most + 1), SETTING).total > room


def test_the_reservation_is_what_the_server_is_told() -> None:
    model, served = named("Qwen2-VL-7B-Instruct"), Served(users=8, context=4096)
    need = serving.estimate(model, served, SETTING)
    share = serving.fraction(need, served, 80 * GIB, 79 * GIB)
    outside = serving.GRAPHS
    assert 0 <= share * 80 * GIB - (need.total - outside) < 0.8 * GIB
    words = serving.command(model.id, served, share, 1_003_520)
    assert words[words.index("--gpu-memory-utilization") + 1] == f"{share:.2f}"
    assert words[words.index("--max-model-len") + 1] == "4096"
