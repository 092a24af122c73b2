"""Which model each size of card gets, and how it is placed."""

from dataclasses import replace

import pytest

from setup_assistant.choose.plan import Plan
from setup_assistant.choose.planner import make_plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from tests.choose.described import GIB, described, known, plan_for, planned

DRIVER = "550.54.15"
MIB = 1 << 20


def card(total: int, free: int, *, part: str = "8.6", name: str = "GPU") -> Plan:
    return plan_for(DRIVER, f"{name},{part},{total},{free}")


def short(plan: Plan) -> str:
    return plan.model.id.removeprefix("Qwen/Qwen2-VL-").replace("-Instruct", "")


@pytest.mark.parametrize(
    ("total", "free", "model"),
    [
        (6144, 5800, "2B-NF4"),
        (6144, 6050, "2B-NF4"),
        (8192, 7300, "2B"),
        (8188, 7950, "2B"),
        (10240, 9900, "7B-NF4"),
        (12288, 11600, "7B-NF4"),
        (12282, 12000, "7B-NF4"),
        (16376, 15300, "7B-NF4"),
        (16384, 16200, "7B-NF4"),
        (24564, 23000, "7B"),
        (24576, 24200, "7B"),
        (32607, 32000, "7B"),
        (49140, 48500, "7B"),
        (49152, 47500, "7B"),
        (46068, 45400, "7B"),
        (46068, 45000, "7B"),
        (81920, 81000, "72B-NF4"),
    ],
)
def test_each_card_gets_its_tier(total: int, free: int, model: str) -> None:
    plan = card(total, free)
    assert short(plan) == model
    assert plan.model.budget_bytes is not None
    assert plan.model.need_bytes <= plan.model.budget_bytes < free * MIB


def test_two_80_gb_cards_hold_72b() -> None:
    spec = "NVIDIA A100-SXM4-80GB,8.0,81920,81050"
    plan = plan_for(DRIVER, spec, spec)
    assert short(plan) == "72B"
    assert plan.model.dtype == "bfloat16"
    assert plan.placement.gpus == ("0", "1")
    first, second = plan.placement.max_memory_bytes
    assert first < second  # activations sit on the first
    assert first + second > 146_811_120_640


def test_t4_is_float16_and_never_bfloat16() -> None:
    for model in ("auto", "Qwen/Qwen2-VL-2B-Instruct", "canary"):
        plan = plan_for(DRIVER, "Tesla T4,7.5,15360,14900", model=model)
        assert plan.model.dtype == "float16"
    assert short(plan_for(DRIVER, "Tesla T4,7.5,15360,14900")) == "7B-NF4"


def test_a_desktop_on_the_card_changes_the_answer() -> None:
    idle, shared = card(12288, 11900), card(12288, 12288 - 3072)
    assert (short(idle), short(shared)) == ("7B-NF4", "2B")
    machine = described(DRIVER, "GPU,8.6,12288,9216")
    machine = replace(machine, gpus=(replace(machine.gpus[0], display_active=True),))
    assert short(planned(machine)) == "2B"


def test_7b_in_16_bits_never_goes_on_16_gb() -> None:
    for free in range(14000, 16385, 200):
        assert short(card(16384, free)) != "7B"


def test_without_quantized_kernels_the_next_smaller_is_taken() -> None:
    pascal = card(11264, 11000, part="6.1")
    assert short(pascal) == "2B"
    old = plan_for(DRIVER, "GPU,8.6,12288,11900", python="3.9")
    assert old.model.quantization == "none"


def test_on_windows_4_bits_are_those_that_need_no_compiler() -> None:
    windows = plan_for("560.94", "GPU,8.6,12288,11300", system="Windows")
    assert windows.model.quantization == "nf4"
    with pytest.raises(SetupError) as caught:
        plan_for(
            "560.94", "GPU,8.6,12288,11300", system="Windows",
            model="Qwen2-VL-7B-Instruct-GPTQ-Int4",
        )  # fmt: skip
    assert caught.value.code == "kernels_missing"


def test_a_small_old_card_gets_small_pictures() -> None:
    plan = card(6144, 5900, part="6.1")
    assert short(plan) == "2B"
    assert plan.model.max_pixels < 1280 * 28 * 28


def test_quantized_models_bring_their_packages() -> None:
    names = [p.name for p in card(12288, 11900).extra_packages]
    assert names == ["bitsandbytes"]
    gptq = plan_for("580.95.05", "A,8.6,12288,11900", model="Qwen/Qwen2-VL-7B-Instruct-GPTQ-Int4")
    assert {p.name for p in gptq.extra_packages} == {"gptqmodel", "optimum"}
    assert "C++ compiler" in warnings(gptq)
    assert "Not proved" not in warnings(gptq)


def test_a_pair_that_its_packages_refuse_is_refused_before_the_download() -> None:
    """gptqmodel 7.7.0 asks for torch 2.14.1, which this driver does not start."""
    with pytest.raises(SetupError) as caught:
        plan_for(DRIVER, "A,8.6,12288,11900", model="Qwen2-VL-7B-Instruct-AWQ", strict_cuda=True)
    assert caught.value.code == "kernels_missing"


def test_what_nobody_asked_a_canary_in_is_said_to_be_unproved() -> None:
    """The stack of Python 3.9's successor, without its list of proofs."""
    bare = tuple(replace(s, proved=()) for s in known().stacks.stack)
    recipes = replace(known(), stacks=replace(known().stacks, stack=bare))
    machine = described(DRIVER, "GPU,8.6,12288,11900")
    assert make_plan(machine, Wishes(), recipes).model.quantization == "none"
    named = make_plan(machine, Wishes(model="Qwen2-VL-7B-Instruct-NF4"), recipes)
    assert "Not proved here" in warnings(named)
    other = next(a for a in make_plan(machine, Wishes(), recipes).alternatives
                 if a.what.endswith("7B-Instruct-NF4"))  # fmt: skip
    assert not other.proved
    assert "ot proved here" in other.message.english
    assert card(24564, 23900).extra_packages == ()


def test_unequal_cards_use_the_one_that_holds_the_model() -> None:
    plan = plan_for(DRIVER, "RTX 3060,8.6,12288,11900", "RTX 3090,8.6,24576,24200")
    assert short(plan) == "7B"
    assert plan.placement.gpus == ("1",)
    assert plan.placement.max_memory_bytes == ()


def test_a_mixed_pair_runs_in_float16_on_both() -> None:
    spec = "Quadro RTX 8000,7.5,49152,48500"
    plan = plan_for(DRIVER, spec, "NVIDIA A100-SXM4-80GB,8.0,81920,81050",
                    "NVIDIA A100-SXM4-80GB,8.0,81920,70000")  # fmt: skip
    assert short(plan) == "72B"
    assert plan.model.dtype == ("float16" if "0" in plan.placement.gpus else "bfloat16")


def test_a_card_too_small_for_any_model_leaves_it_to_the_cpu() -> None:
    plan = plan_for(DRIVER, "GT 1030,6.1,2048,1900", ram_gib=24)
    assert plan.placement.device == "cpu"
    assert plan.torch.build == "cu126"
    assert any("on the CPU" in w.message.english for w in plan.warnings)


@pytest.mark.parametrize(("ram", "dtype"), [(24, "float32"), (10, "bfloat16")])
def test_cpu_machines_by_their_memory(ram: float, dtype: str) -> None:
    plan = plan_for(None, ram_gib=ram)
    assert (short(plan), plan.model.dtype) == ("2B", dtype)
    assert plan.model.max_pixels <= 1280 * 28 * 28


def test_a_cpu_machine_with_too_little_memory_is_told() -> None:
    with pytest.raises(SetupError) as caught:
        plan_for(None, ram_gib=4)
    assert caught.value.code == "memory_too_small"
    assert plan_for(None, ram_gib=4, model="canary").model.dtype == "float32"


def test_on_a_cpu_the_price_of_the_others_is_in_main_memory_or_in_gpus() -> None:
    plan = plan_for(None, ram_gib=64)
    others = {a.what.removeprefix("Qwen/Qwen2-VL-"): a for a in plan.alternatives}
    assert others["7B-Instruct"].fits
    assert "on this CPU too, in float32" in others["7B-Instruct"].message.english
    assert 30 * GIB < (others["7B-Instruct"].need_bytes or 0) < 36 * GIB
    for name, cards in (("72B-Instruct", "2 x 80 GB"), ("7B-Instruct-AWQ", "1 x 12 GB")):
        assert not others[name].fits
        assert f"{cards} would hold it" in others[name].message.english
    canary = plan_for(None, ram_gib=16, model="canary")
    assert next(a for a in canary.alternatives if a.what.endswith("-2B-Instruct")).fits


def warnings(plan: Plan) -> str:
    return " ".join(w.message.english for w in plan.warnings)


def test_a_card_with_room_for_little_more_than_the_weights_says_so() -> None:
    laptop = plan_for(DRIVER, "RTX 3050 Laptop GPU,8.6,4096,3800")
    assert short(laptop) == "2B-NF4"
    assert "leaves little room" in warnings(laptop)
    assert "leaves little room" not in warnings(card(12288, 11900))


def test_main_memory_too_short_for_loading_is_told() -> None:
    gpu = "RTX 3090,8.6,24576,24200"
    assert "takes about 4.00 GiB" in warnings(plan_for(DRIVER, gpu, ram_gib=4))
    assert "takes about" not in warnings(plan_for(DRIVER, gpu, ram_gib=16))
    assert "takes about" not in warnings(plan_for(DRIVER, gpu, ram_gib=4, model="canary"))


@pytest.mark.parametrize(
    ("specs", "model", "gpus"),
    [
        (["T4,7.5,15360,14900"] * 2, "7B", ("0", "1")),
        (["T4,7.5,15360,14900"] * 4, "7B", ("0", "1")),
        (["A,8.6,12288,12042"] * 2, "7B", ("0", "1")),
        (["A,8.9,24564,24072"] * 2, "7B", ("0",)),
        (["A,8.9,24564,24072"] * 8, "72B", tuple("01234567")),
        (["A,8.0,40960,40140"] * 4, "7B", ("0",)),
        (["A,8.0,40960,40140"] * 5, "72B", tuple("01234")),
        (["A,8.6,16384,16056", "A,8.6,8192,8028"], "7B", ("0", "1")),
        (["A,8.6,12288,12042", "A,8.6,24576,24084"], "7B", ("1",)),
        (["V100,7.0,16384,16100"], "2B", ("0",)),
        (["A,8.0,98304,96338"], "72B-NF4", ("0",)),
        (["H200,9.0,143771,140000"], "72B-NF4", ("0",)),
    ],
)
def test_several_and_unusual_cards(specs: list[str], model: str, gpus: tuple[str, ...]) -> None:
    plan = plan_for("580.95.05", *specs)
    assert short(plan) == model
    assert plan.placement.gpus == gpus
    assert len(plan.placement.max_memory_bytes) == (len(gpus) if len(gpus) > 1 else 0)
    frees = [int(spec.split(",")[3]) * MIB for spec in specs]
    for gpu, limit in zip(gpus, plan.placement.max_memory_bytes, strict=False):
        assert limit < frees[int(gpu)]


def test_unified_memory_counts_main_memory() -> None:
    plan = plan_for("580.95.05", "NVIDIA GB10,12.1,,", arch="aarch64", ram_gib=128)
    assert short(plan) == "72B-NF4"


@pytest.mark.parametrize(("part", "dtype"), [("8.0", "bfloat16"), ("7.5", "float16")])
def test_the_canary_fits_anywhere(part: str, dtype: str) -> None:
    plan = plan_for(DRIVER, f"Small,{part},2048,1900", model="canary")
    assert plan.placement.device == "cuda"
    assert plan.model.dtype == dtype
    assert plan.sizes.weights_bytes == plan.model.download_bytes == 0
    assert plan.model.need_bytes < GIB


def test_a_named_model_that_does_not_fit_names_one_that_does() -> None:
    with pytest.raises(SetupError) as caught:
        plan_for(DRIVER, "RTX 3090,8.6,24576,24200", model="Qwen/Qwen2-VL-72B-Instruct")
    assert caught.value.code == "model_does_not_fit"
    assert "Qwen/Qwen2-VL-7B-Instruct" in caught.value.hint.english


def test_a_named_model_may_leave_little_room() -> None:
    plan = plan_for(DRIVER, "GPU,8.6,18432,18000", model="Qwen2-VL-7B-Instruct")
    assert short(plan) == "7B"
    assert any("little room" in w.message.english for w in plan.warnings)


def test_quantized_models_need_kernels() -> None:
    for machine in (
        described(DRIVER, "GTX 1080 Ti,6.1,11264,11000"),
        described(None, ram_gib=64),
    ):
        with pytest.raises(SetupError) as caught:
            planned(machine, model="Qwen/Qwen2-VL-7B-Instruct-AWQ")
        assert caught.value.code == "kernels_missing"


def test_an_unknown_model_is_wrong_use() -> None:
    with pytest.raises(SetupError) as caught:
        plan_for(DRIVER, "RTX 3090,8.6,24576,24200", model="Qwen/Nobody")
    assert caught.value.code == "model_unknown"


def test_a_newer_family_needs_its_transformers() -> None:
    plan = plan_for(DRIVER, "RTX 3090,8.6,24576,24200", model="Qwen/Qwen3-VL-4B-Instruct")
    assert plan.model.max_pixels % 32**2 == 0
    with pytest.raises(SetupError) as caught:
        planned(
            described(DRIVER, "RTX 3090,8.6,24576,24200"), model="Qwen/Qwen3-VL-4B-Instruct",
            python="3.8",
        )  # fmt: skip
    assert caught.value.code == "model_too_new"


def test_caps_stay_within_the_models_positions() -> None:
    plan = plan_for("580.65.06", "NVIDIA H200,9.0,143771,143000")
    tokens = plan.model.max_pixels // 784
    assert 2 * tokens + 2048 <= 32_768
    assert plan.model.video_total_pixels // 784 <= 32_768 * 0.75
    assert plan.model.video_max_frames / 2 * 134 <= plan.model.video_total_pixels / 784
    assert plan.model.max_prompt_tokens + 128 <= 32_768


def test_more_pictures_at_once_mean_smaller_ones() -> None:
    gpu = "RTX 3090,8.6,24576,24200"
    one, two, four = (
        plan_for(DRIVER, gpu, purpose=p).model.max_pixels for p in ("try", "video", "images")
    )
    assert one > two > four


def test_alternatives_show_their_price() -> None:
    plan = card(24564, 23900)
    others = {a.what.removeprefix("Qwen/Qwen2-VL-"): a for a in plan.alternatives}
    assert others["2B-Instruct"].fits
    assert not others["72B-Instruct"].fits
    assert (others["72B-Instruct"].need_bytes or 0) > 140e9
    assert plan.model.id not in others
    assert "2 x 80 GB would hold it" in others["72B-Instruct"].message.english
    assert "1 x 80 GB would hold it" in others["72B-Instruct-AWQ"].message.english
