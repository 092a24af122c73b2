"""The formula against published figures and its own promises."""

from dataclasses import replace

import pytest

from setup_assistant.catalog.models import Model
from setup_assistant.choose.memory import CONTEXT, Setting, Work, estimate
from setup_assistant.choose.vision_tokens import Grid, image_grid
from tests.choose.described import GIB, known

MODELS = {m.id.removeprefix("Qwen/Qwen2-VL-").removesuffix("-Instruct"): m for m in known().models}
DEMO = (2044, 1372)


def demo(model: Model) -> Work:
    return Work(grids=(image_grid(*DEMO, model.vision),))


def need(size: str, transformers: str, torch: str = "2.11.0", **about: str) -> float:
    model = MODELS[size]
    setting = Setting(
        dtype=about.get("dtype", "bfloat16"), part=about.get("part", "8.0"), torch=torch,
        transformers=transformers, attention=about.get("attention", "sdpa"),
    )  # fmt: skip
    return estimate(model, demo(model), setting).total / GIB


@pytest.mark.parametrize(("size", "gib"), [("2B", 6.2), ("7B", 17.6)])
def test_the_demo_picture_on_newer_transformers(size: str, gib: float) -> None:
    assert need(size, "4.57.6") == pytest.approx(gib, rel=0.05)
    assert need(size, "5.23.0") == pytest.approx(gib, rel=0.04)


def test_the_tutorials_figures_on_old_transformers() -> None:
    # 19 GB and 34 GB on nvidia-smi, with a driver's and a desktop's share in them.
    assert 17.0 < need("2B", "4.45.0", "2.4.1") < 19.5
    assert 28.0 < need("7B", "4.45.0", "2.4.1") < 34.0


def test_7b_does_not_fit_16_gb() -> None:
    model = MODELS["7B"]
    bare = estimate(model, Work(), Setting(dtype="bfloat16", part="8.0"))
    assert bare.total > 16_000 * (1 << 20)


def test_weights_are_exact() -> None:
    setting = Setting(dtype="bfloat16", part="8.0")
    assert estimate(MODELS["7B"], Work(), setting).weights == 16_582_751_232
    wide = Setting(dtype="float32", part="8.0")
    assert estimate(MODELS["7B"], Work(), wide).weights == 2 * 16_582_751_232
    assert estimate(MODELS["7B-Instruct-AWQ"], Work(), wide).weights == 6_922_265_600


@pytest.mark.parametrize(("size", "kib"), [("2B", 28), ("7B", 56), ("72B", 320)])
def test_keys_and_values_per_token(size: str, kib: int) -> None:
    setting = Setting(dtype="float16", part="7.5")
    one = estimate(MODELS[size], Work(text_tokens=1, new_tokens=0), setting).kv_cache
    assert one == kib * 1024


@pytest.mark.parametrize(
    ("transformers", "per_token"), [("4.45.2", 8), ("4.46.3", 4), ("4.57.0", 2), ("5.0.0", 0)]
)
def test_logits_by_version(transformers: str, per_token: int) -> None:
    setting = Setting(dtype="bfloat16", part="8.0", transformers=transformers)
    found = estimate(MODELS["7B"], Work(text_tokens=100), setting)
    assert found.logits == per_token * 152_064 * 100


def test_attention_of_the_vision_tower_by_version() -> None:
    model, patches = MODELS["2B"], 14_308
    linear = estimate(model, demo(model), Setting(dtype="bfloat16", part="8.0")).vision

    def extra(transformers: str, torch: str = "2.6.0", attention: str = "sdpa") -> int:
        setting = Setting(dtype="bfloat16", part="8.0", transformers=transformers, torch=torch,
                          attention=attention)  # fmt: skip
        return estimate(model, demo(model), setting).vision - linear

    assert extra("4.50.0", "2.4.1") == (4 * 16 + 3) * patches**2
    assert extra("4.50.0", "2.5.1") == (13 * 16 + 3) * patches**2
    assert extra("4.50.0", "2.6.0") == (9 * 16 + 3) * patches**2
    assert extra("4.52.0") == 4 * patches**2
    assert extra("4.53.0") == 2 * patches**2
    assert extra("4.54.0") == extra("5.23.0") == 0
    assert extra("4.45.0", attention="flash_attention_2") == 0
    assert extra("5.23.0", attention="eager") == 10 * 16 * patches**2
    assert extra("4.53.0", attention="eager") == (10 * 16 + 2) * patches**2


def test_eager_bfloat16_shows_more_than_it_needs() -> None:
    """Published for 2B with the demo picture on a card with room: 43.07 GiB."""
    model = MODELS["2B"]
    eager = Setting(dtype="bfloat16", part="8.0", transformers="4.57.6", attention="eager")
    found = estimate(model, demo(model), eager)
    assert found.shown == 2 * 16 * 14_308**2
    assert (found.total + found.shown) / GIB == pytest.approx(43.07, rel=0.03)
    assert estimate(model, demo(model), replace(eager, dtype="float16")).shown == 0
    assert estimate(model, demo(model), replace(eager, tower="sdpa")).shown == 0


def test_bfloat16_below_ampere_has_no_fused_attention() -> None:
    assert need("2B", "5.23.0", part="7.5") > need("2B", "5.23.0", part="7.5", dtype="float16") + 10
    assert need("2B", "5.23.0", part="7.5", dtype="float16") == need("2B", "5.23.0")


def test_pictures_of_their_own_share_no_scores() -> None:
    model = MODELS["2B"]
    grid = image_grid(1280, 720, model.vision)
    old = Setting(dtype="bfloat16", part="8.0", transformers="4.50.0", torch="2.4.1")
    one = estimate(model, Work(grids=(grid,)), old).vision
    two = estimate(model, Work(grids=(grid, grid)), old).vision
    assert two > 3 * one  # 4.50: one matrix over both
    new = Setting(dtype="bfloat16", part="8.0")
    assert (
        estimate(model, Work(grids=(grid, grid)), new).vision
        == 2 * estimate(model, Work(grids=(grid,)), new).vision
    )


def test_several_gpus_cost_more() -> None:
    model = MODELS["72B"]
    one = estimate(model, demo(model), Setting(dtype="bfloat16", part="8.0"))
    two = estimate(model, demo(model), Setting(dtype="bfloat16", part="8.0", gpus=2))
    assert two.context == 2 * CONTEXT
    assert two.weights == one.weights
    assert one.total < two.total < one.total * 1.05


def test_the_total_takes_the_largest_phase_only() -> None:
    found = estimate(MODELS["7B"], demo(MODELS["7B"]), Setting(dtype="bfloat16", part="8.0"))
    kv = found.kv_cache
    peak = max(found.vision, found.prefill + kv, found.logits + kv)
    assert found.total == found.weights + peak + found.slack + found.context
    assert set(found.terms()) == {
        "weights", "vision", "prefill", "logits", "kv_cache", "slack", "context"
    }  # fmt: skip


def test_three_more_outputs_of_the_tower_are_held_by_qwen3() -> None:
    model = next(m for m in known().models if m.id == "Qwen/Qwen3-VL-8B-Instruct")
    assert model.vision.deepstack == 3
    plain = replace(model, vision=replace(model.vision, deepstack=0))
    work = Work(grids=(Grid(1, 60, 80),))
    setting = Setting(dtype="bfloat16", part="8.0")
    more = estimate(model, work, setting).prefill - estimate(plain, work, setting).prefill
    assert more == 3 * 1200 * model.shapes.hidden * 2


def test_estimate_asks_by_default_what_a_plan_counts_on() -> None:
    from setup_assistant.cli.estimate.command import command

    given = {p.name: p.default for p in command.params}
    assert (given["text_tokens"], given["new_tokens"]) == (Work().text_tokens, Work().new_tokens)
