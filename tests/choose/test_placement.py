"""Budgets, and the packing of layers onto cards."""

from dataclasses import replace

import pytest

from setup_assistant.choose.memory import Setting
from setup_assistant.choose.placement import groups, seat
from setup_assistant.choose.usable_gpus import Card, budget
from setup_assistant.choose.workloads import comfortable
from setup_assistant.machine.facts import Gpu
from setup_assistant.units_text import GIB
from tests.choose.described import known, plan_for

MODEL_72B = next(m for m in known().models if m.id == "Qwen/Qwen2-VL-72B-Instruct")
TWO = Setting(dtype="bfloat16", part="8.0", gpus=2)


def card(index: int, gib: float, *, slice_: bool = False) -> Card:
    return Card(id=f"GPU-{index}", name="GPU", index=index, part="8.0", free=int(gib * GIB),
                budget=int(gib * GIB), slice_=slice_)  # fmt: skip


def gpu(total: float, display: bool | None = False) -> Gpu:
    return Gpu(name="GPU", memory_total_bytes=int(total * GIB), display_active=display)


def test_headroom_is_half_a_gib_or_five_percent() -> None:
    assert budget(gpu(8), 8 * GIB, "Linux") == int(7.5 * GIB)
    assert budget(gpu(80), 80 * GIB, "Linux") == 76 * GIB


def test_a_desktop_and_windows_take_more() -> None:
    assert budget(gpu(8, display=True), 7 * GIB, "Linux") == 6 * GIB
    assert budget(gpu(8), 7 * GIB, "Windows") == int(5.5 * GIB)


def test_what_is_in_use_counts_as_a_desktop_where_nobody_knows() -> None:
    assert budget(gpu(8, display=None), 8 * GIB, "Linux") == int(7.5 * GIB)
    assert budget(gpu(12, display=None), 9 * GIB, "Linux") == 8 * GIB
    assert budget(gpu(12, display=False), 9 * GIB, "Linux") == int(8.5 * GIB)


def test_a_full_card_has_no_negative_budget() -> None:
    assert budget(gpu(8), GIB // 4, "Windows") == 0


def test_single_cards_come_first_the_largest_ahead() -> None:
    cards = [card(0, 10), card(1, 40), card(2, 20)]
    found = [[c.index for c in group] for group in groups(cards)]
    assert found == [[1], [2], [0], [1, 2], [0, 1, 2]]


def test_slices_never_join() -> None:
    assert all(len(g) == 1 for g in groups([card(0, 20, slice_=True), card(1, 20, slice_=True)]))


def test_layers_are_packed_whole() -> None:
    work = comfortable(MODEL_72B.vision)
    assert seat(MODEL_72B, work, [card(0, 75), card(1, 75)], TWO)
    assert seat(MODEL_72B, work, [card(0, 68), card(1, 68)], TWO) is None


def test_the_first_card_must_hold_the_vision_tower_and_the_activations() -> None:
    work = comfortable(MODEL_72B.vision)
    assert seat(MODEL_72B, work, [card(0, 3), card(1, 160)], TWO) is None
    assert seat(MODEL_72B, work, [card(0, 160), card(1, 3)], TWO) is None
    assert seat(MODEL_72B, work, [card(0, 30), card(1, 120)], TWO)


def test_limits_leave_room_for_activations() -> None:
    cards = [card(0, 75), card(1, 75)]
    found = seat(MODEL_72B, comfortable(MODEL_72B.vision), cards, TWO)
    assert found
    assert found.limits[0] < found.limits[1] < 75 * GIB
    assert sum(found.limits) >= MODEL_72B.weights_bytes


@pytest.mark.parametrize("gib", [5.0, 6.5])
def test_one_card_takes_what_the_formula_says(gib: float) -> None:
    model = next(m for m in known().models if m.id == "Qwen/Qwen2-VL-2B-Instruct")
    work, setting = comfortable(model.vision), replace(TWO, gpus=1)
    found = seat(model, work, [card(0, gib)], setting)
    assert (found is not None) == (gib > 6)


@pytest.mark.parametrize(
    ("driver", "names", "runs_on"),
    [
        ("535.183.01", ("Tesla V100-PCIE-16GB", "Tesla K80", "Tesla P100-PCIE-16GB"), {0, 2}),
        ("470.223.02", ("Tesla V100-PCIE-16GB", "Tesla K80", "Tesla P100-PCIE-16GB"), {0, 2}),
        ("535.183.01", ("GTX 1080 Ti", "RTX 4090", "Tesla K80"), {1}),
        ("470.223.02", ("GTX 1080 Ti", "RTX 4090", "Tesla K80"), {0}),
        ("580.95.05", ("GTX 980 Ti", "A100 40GB", "Tesla T4"), {1}),
    ],
)
def test_unlike_cards_get_one_answer_that_names_them_all(
    driver: str, names: tuple[str, ...], runs_on: set[int]
) -> None:
    plan = plan_for(driver, *names, ram_gib=64)
    assert {int(index) for index in plan.placement.gpus} == runs_on
    told = " ".join(str(r.message) for r in (*plan.reasons, *plan.warnings))
    assert [n for i, n in enumerate(names) if i not in runs_on and n not in told] == []
