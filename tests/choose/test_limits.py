"""The numbers and edges of the choice, each restated here by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from setup_assistant.choose import cpu, planner, terms
from setup_assistant.choose.memory import CONTEXT, SLACK, Setting, Work, estimate
from setup_assistant.choose.placement import groups, seat
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.target_platform import Host, starts
from setup_assistant.choose.torch_builds import cuda_pairs
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.choose.vision_tokens import Grid, PictureError, image_grid, video_grid
from setup_assistant.machine.facts import Memory
from setup_assistant.units_text import GIB
from tests.choose.described import described, known, plan_for, planned

MODEL = next(m for m in known().models if m.id == "Qwen/Qwen2-VL-7B-Instruct")
GRID = Grid(1, 60, 80)


def card(index: int, gib: float) -> Card:
    return Card(id=str(index), name="GPU", index=index, part="8.0", free=None,
                budget=int(gib * GIB))  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "left_out"),
    [
        (12288, 12288, True),  # half of the memory for a current torch: worth it
        (24576, 16384, False),  # two fifths: not
    ],
)
def test_a_current_torch_is_worth_half_of_the_memory(old: int, new: int, left_out: bool) -> None:
    machine = described(
        "470.256.02", f"K80,3.7,{old},{old - 300}", f"A10,8.6,{new},{new - 300}", python="3.11"
    )
    plan = planned(machine)
    assert (plan.left_out == ("0",)) is left_out
    assert plan.torch.version.startswith("2.7" if left_out else "2.5")


def test_on_windows_nothing_is_compiled_for_a_card_that_came_later() -> None:
    """Only builds for Linux are known to carry code that a driver compiles."""

    def pairs(system: str) -> int:
        host = Host(os=system, arch="x86_64", glibc=None, driver="615.71", cuda="13.3")
        return len(cuda_pairs(known(), host, "3.12", ["13.0"]))

    assert pairs("Linux") > 0
    assert pairs("Windows") == 0


@pytest.mark.parametrize(
    ("cuda", "build", "expected"),
    [("11.4", "12.1", False), ("12.2", "12.8", True), ("12.8", "13.0", False),
     ("13.0", "12.6", True)],
)  # fmt: skip
def test_a_driver_known_by_its_cuda_alone_must_reach_the_major(
    cuda: str, build: str, expected: bool
) -> None:
    host = Host(os="Linux", arch="x86_64", glibc=None, driver=None, cuda=cuda)
    assert starts(host, build, known().torch) is expected


def without_memory(total: int | None, **about: object) -> Plan:
    machine = described("580.95.05", "NVIDIA GeForce RTX 3090,8.6,24576,24000", ram_gib=64)
    gpu = replace(machine.gpus[0], memory_total_bytes=total, memory_free_bytes=None, **about)
    return planned(replace(machine, gpus=(gpu,)), model="canary")


def test_a_card_of_unknown_memory_is_counted_with_care() -> None:
    unknown = without_memory(None, name="NVIDIA Something", compute_capability="8.6")
    assert unknown.model.budget_bytes == 7 * GIB
    free = int(24 * GIB * 0.96)
    assert without_memory(24 * GIB).model.budget_bytes == free - int(free * 0.05)
    nominal = int(24 * GIB * 0.94)
    assert without_memory(None).model.budget_bytes == nominal - int(nominal * 0.05)
    shared = int(64 * GIB * 0.85 * 0.9)
    unified = without_memory(None, unified_memory=True)
    assert unified.model.budget_bytes == pytest.approx(shared * 0.95, rel=1e-6)


def test_a_cpu_keeps_a_gib_or_a_tenth() -> None:
    assert cpu.budget(Memory(available_bytes=100 * GIB)) == 90 * GIB
    assert cpu.budget(Memory(available_bytes=4 * GIB)) == 3 * GIB
    assert cpu.budget(Memory(total_bytes=100 * GIB)) == int(85 * GIB * 0.9)


def test_what_the_allocator_holds_is_a_base_and_a_share() -> None:
    found = estimate(MODEL, Work(grids=(GRID,)), Setting(dtype="bfloat16", part="8.0"))
    linear = terms.vision_linear(MODEL.shapes, MODEL.vision, GRID.patches, 2)
    assert found.slack == int(0.35 * GIB) + int(0.55 * linear)


def test_a_layer_of_the_prompt_is_three_wide_and_four_narrow() -> None:
    assert terms.prefill(MODEL.shapes, 1000, 2) == 1000 * 2 * (3 * 18944 + 4 * 3584)


@pytest.mark.parametrize(("dtype", "each"), [("bfloat16", 10), ("float16", 8), ("float32", 8)])
def test_eager_scores(dtype: str, each: int) -> None:
    setting = Setting(dtype=dtype, part="8.0", attention="eager")
    scores = terms.vision_attention(MODEL.shapes, [GRID], setting)
    assert scores == each * 16 * GRID.patches**2


def test_over_several_cards_a_tenth_more_than_the_moving_parts_stays_free() -> None:
    model = next(m for m in known().models if m.id == "Qwen/Qwen2-VL-72B-Instruct")
    work, setting = Work(grids=(GRID,)), Setting(dtype="bfloat16", part="8.0", gpus=2)
    cards = [card(0, 76), card(1, 76)]
    found = seat(model, work, cards, setting)
    assert found is not None
    need = estimate(model, work, setting)
    last = need.moving[1] + SLACK
    assert found.limits[1] == 76 * GIB - CONTEXT - need.kv_cache // 2 - int(last * 1.10)


def test_a_card_with_room_for_little_more_than_its_context_joins_none() -> None:
    found = groups([card(0, 20), card(1, 1.9), card(2, 2)])
    assert [[c.index for c in group] for group in found] == [[0], [2], [1], [0, 2]]


def test_a_picture_may_be_two_hundred_times_as_long_as_wide() -> None:
    assert image_grid(5600, 28, MODEL.vision).patches > 0
    with pytest.raises(PictureError):
        image_grid(5601, 28, MODEL.vision)


def test_the_least_of_a_frame_is_five_percent_above_the_least_tokens() -> None:
    """qwen_vl_utils 0.0.14: `int(min_pixels * 1.05)`; seen with a clip of 640 x 480."""
    grid = video_grid(640, 480, 600, MODEL.vision, total_pixels=1_000_000)
    assert (grid.height, grid.width) == (20, 26)


def test_a_persons_own_caps_lower_the_plans_and_never_raise_them() -> None:
    gpu = "RTX 4090,8.9,24564,24000"
    usual = plan_for("580.95.05", gpu).model
    low = plan_for("580.95.05", gpu, max_pixels=1_000_000, max_frames=33).model
    assert low.max_pixels == 1_000_000 // 784 * 784
    assert low.video_max_frames == 32
    assert low.need_bytes <= usual.need_bytes
    high = plan_for("580.95.05", gpu, max_pixels=10**9, max_frames=10**6).model
    assert high == usual


@pytest.mark.parametrize(("less", "same"), [(0, True), (1, False)])
def test_a_disk_that_just_holds_the_files_is_enough(
    monkeypatch: pytest.MonkeyPatch, less: int, same: bool
) -> None:
    card = "NVIDIA A100-SXM4-80GB,8.0,81920,81050"
    first = plan_for("580.95.05", card).model
    room = first.download_bytes - less
    monkeypatch.setattr(planner, "room_for_weights", lambda *_: room)
    found = plan_for("580.95.05", card).model
    assert (found.id == first.id) is same
    assert found.download_bytes <= room
