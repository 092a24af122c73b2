"""The wheel policy on named machines."""

from dataclasses import replace

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Gpu
from tests.choose.described import GIB, described, plan_for, planned, reached

V100 = "Tesla V100-PCIE-16GB,7.0,16384,16100"
RTX_5090 = "NVIDIA GeForce RTX 5090,12.0,32607,32000"
RTX_4090 = "NVIDIA GeForce RTX 4090,8.9,24564,23900"
RTX_3060 = "NVIDIA GeForce RTX 3060,8.6,12288,11800"
GTX_1080_TI = "NVIDIA GeForce GTX 1080 Ti,6.1,11264,11000"
GTX_750 = "NVIDIA GeForce GTX 750,5.0,2048,1950"
T4 = "Tesla T4,7.5,15360,14900"
H200 = "NVIDIA H200,9.0,143771,143000"
GB10 = "NVIDIA GB10,12.1,,"
ORIN = "Orin,8.7,30697,28000"
K80 = "Tesla K80,3.7,11441,11400"


def test_old_and_new_card_in_one_box_share_the_last_build_for_both() -> None:
    plan = plan_for("580.65.06", V100, RTX_5090)
    assert (plan.torch.version, plan.torch.build) == ("2.10.0", "cu128")
    assert plan.left_out == ()
    assert plan.placement.gpus == ("1",)
    newer = [a.what for a in plan.alternatives if a.kind == "wheel"]
    assert "2.15.0+cu130" in newer


def test_a_weak_card_that_does_not_spoil_the_choice_stays() -> None:
    plan = plan_for("580.65.06", RTX_4090, GTX_750)
    assert (plan.torch.version, plan.torch.build) == ("2.14.1", "cu126")
    assert plan.left_out == ()
    assert plan.placement.gpus == ("0",)


def test_a_card_that_no_build_shares_is_left_out_by_uuid() -> None:
    machine = described("580.65.06", RTX_5090, GTX_1080_TI)
    uuids = ["GPU-5090", "GPU-1080"]
    machine = replace(
        machine, gpus=tuple(replace(g, uuid=u) for g, u in zip(machine.gpus, uuids, strict=True))
    )
    plan = planned(machine)
    assert plan.left_out == ("GPU-1080",)
    assert plan.placement.gpus == ("GPU-5090",)
    assert (plan.torch.version, plan.torch.build) == ("2.15.0", "cu130")
    assert any("GPU-1080" in w.message.english for w in plan.warnings)


def test_cards_that_a_person_named_are_never_left_out() -> None:
    with pytest.raises(SetupError) as caught:
        plan_for("580.65.06", RTX_5090, GTX_1080_TI, gpus=("0", "1"))
    assert caught.value.code == "cards_apart"
    assert plan_for("580.65.06", RTX_5090, GTX_1080_TI, gpus=("1",)).torch.build == "cu126"


def test_pascal_on_580_gets_the_last_build_with_its_kernels() -> None:
    plan = plan_for("580.65.06", GTX_1080_TI)
    assert (plan.torch.version, plan.torch.build) == ("2.14.1", "cu126")
    assert plan.torch.compatibility == "native"
    assert plan.model.dtype == "float16"


def test_a_card_that_the_driver_no_longer_drives_is_refused_or_left_out() -> None:
    with pytest.raises(SetupError) as caught:
        plan_for("590.48.01", GTX_1080_TI)
    assert (caught.value.code, caught.value.exit) == ("driver_too_new", 4)
    assert "branch 580" in caught.value.hint.english
    both = plan_for("595.58.03", GTX_1080_TI, RTX_5090)
    assert both.left_out == ("0",)
    assert (both.torch.version, both.torch.build) == ("2.15.0", "cu132")
    assert any("580 is the last" in w.message.english for w in both.warnings)
    with pytest.raises(SetupError, match="no longer drives"):
        plan_for("595.58.03", GTX_1080_TI, RTX_5090, gpus=("0",))
    # Windows drivers of R580 go on to 582.
    assert plan_for("582.28", GTX_1080_TI, system="Windows").torch.build == "cu126"


def test_a_card_that_answers_is_driven_whatever_the_table_says() -> None:
    told = described("590.48.01", GTX_1080_TI)
    probed = replace(told, driver=replace(told.driver, source="nvml"))
    assert planned(probed).torch.build == "cu126"


def test_windows_has_no_cu129_after_2_9() -> None:
    plan = plan_for("572.61", RTX_5090, system="Windows")
    assert (plan.torch.version, plan.torch.build) == ("2.11.0", "cu128")


def test_newest_torch_wins_over_a_native_build_unless_strict() -> None:
    plan = plan_for("570.124.06", RTX_5090)
    assert (plan.torch.version, plan.torch.build) == ("2.13.0", "cu129")
    assert plan.torch.compatibility == "minor-version"
    assert "2.11.0+cu128" in [a.what for a in plan.alternatives]
    strict = plan_for("570.124.06", RTX_5090, strict_cuda=True)
    assert (strict.torch.version, strict.torch.build) == ("2.11.0", "cu128")
    assert strict.torch.compatibility == "native"


def test_the_tutorials_driver() -> None:
    plan = plan_for("535.104.05", RTX_4090)
    assert (plan.torch.version, plan.torch.build) == ("2.14.1", "cu126")
    assert plan.torch.compatibility == "minor-version"
    strict = plan_for("535.104.05", RTX_4090, strict_cuda=True)
    assert strict.torch.build == "cu118"


def test_an_old_driver_gets_the_last_build_of_its_major() -> None:
    plan = plan_for("470.223.02", T4)
    assert (plan.torch.version, plan.torch.build) == ("2.7.1", "cu118")
    assert plan.transformers.version.startswith("5.")
    assert plan.model.dtype == "float16"


def test_arm_servers_and_gb10() -> None:
    plan = plan_for("580.95.05", GB10, arch="aarch64", ram_gib=128)
    assert (plan.torch.version, plan.torch.build) == ("2.15.0", "cu132")
    hopper = plan_for("535.104.05", "NVIDIA GH200 480GB,9.0,97871,97000", arch="aarch64")
    assert (hopper.torch.version, hopper.torch.build) == ("2.14.1", "cu126")


def test_jetson_orin_is_told_where_its_wheels_are() -> None:
    with pytest.raises(SetupError) as caught:
        plan_for("540.4.0", ORIN, arch="aarch64")
    assert caught.value.code == "gpu_jetson"
    assert caught.value.exit == 4
    assert "JetPack" in caught.value.hint.english
    assert plan_for("595.58.03", ORIN, arch="aarch64").torch.build == "cu132"


def test_h200_on_580_takes_the_newest_that_is_native() -> None:
    plan = plan_for("580.65.06", H200)
    assert (plan.torch.version, plan.torch.build) == ("2.15.0", "cu130")
    assert plan.torch.compatibility == "native"
    assert plan_for("595.58.03", H200).torch.build == "cu132"


def test_windows_takes_cuda_builds_from_the_torch_index() -> None:
    plan = plan_for("537.13", RTX_3060, system="Windows")
    assert (plan.torch.version, plan.torch.build) == ("2.14.1", "cu126")
    assert plan.torch.index_url.endswith("/cu126")


def test_windows_has_floors_of_its_own() -> None:
    assert plan_for("528.33", RTX_3060, system="Windows").torch.build == "cu126"
    assert plan_for("528.32", RTX_3060, system="Windows").torch.build == "cu118"


def test_linux_floors_are_exact() -> None:
    assert plan_for("525.60.13", RTX_3060).torch.build == "cu126"
    assert plan_for("525.60.11", RTX_3060).torch.build == "cu118"


def test_kepler_gets_the_last_build_that_names_it() -> None:
    plan = plan_for("470.223.02", K80)
    assert (plan.torch.version, plan.torch.build) == ("2.5.1", "cu118")
    assert plan.transformers.version.startswith("4.57")


def test_two_mig_slices_use_one() -> None:
    plan = plan_for(
        "580.65.06",
        "NVIDIA A100-SXM4-80GB MIG 1g.10gb,8.0,9856,9800",
        "NVIDIA A100-SXM4-80GB MIG 1g.10gb,8.0,9856,9800",
    )
    assert len(plan.placement.gpus) == 1
    assert plan.placement.max_memory_bytes == ()


@pytest.mark.parametrize(
    ("python", "torch", "transformers"),
    [("3.12", "2.15.0", "5.24.0"), ("3.10", "2.14.1", "5.20.2"), ("3.9", "2.8.0", "4.57.6"),
     ("3.8", "2.4.1", "4.46.3")],
)  # fmt: skip
def test_python_limits_torch_and_transformers(python: str, torch: str, transformers: str) -> None:
    plan = plan_for("580.65.06", RTX_4090, python=python)
    assert plan.python == python
    assert (plan.torch.version, plan.transformers.version) == (torch, transformers)


def test_a_python_without_wheels_gives_way_to_another() -> None:
    assert plan_for("580.65.06", RTX_5090, python="3.8").python == "3.12"
    machine = described("580.65.06", RTX_5090)
    with pytest.raises(SetupError) as caught:
        planned(machine, python="3.8")
    assert caught.value.code == "python_unfit"


def test_an_old_c_library_limits_torch() -> None:
    plan = plan_for("535.104.05", RTX_4090, glibc="2.17")
    assert plan.torch.version == "2.6.0"
    assert plan.decoder.package == "decord"
    with pytest.raises(SetupError) as caught:
        plan_for("580.65.06", RTX_5090, glibc="2.17")
    assert caught.value.code == "glibc_too_old"


def test_a_python_that_serves_every_card_comes_before_one_that_leaves_a_card_out() -> None:
    """torch 2.15, the first whose ARM build also runs on Orin, has no wheel for Python 3.10."""
    plan = plan_for("595.71.05", "Orin,8.7,,", "NVIDIA GH200 480GB,9.0,97871,97000",
                    arch="aarch64", python="3.10")  # fmt: skip
    assert (plan.torch.version, plan.python, plan.left_out) == ("2.15.0", "3.12", ())


def test_a_current_torch_comes_before_an_old_one_for_every_card() -> None:
    plan = plan_for("470.256.02", "Tesla K80,3.7,11441,11000",
                    "NVIDIA GeForce RTX 3090,8.6,24576,24000")  # fmt: skip
    assert (plan.torch.version, plan.left_out) == ("2.7.1", ("0",))


def test_without_gpu_the_build_is_cpu() -> None:
    plan = plan_for(None, ram_gib=24)
    assert (plan.torch.build, plan.torch.compatibility) == ("cpu", "cpu")
    assert plan.torch.index_url.endswith("/cpu")
    assert plan.placement.device == "cpu"


def test_macs_take_the_package_indexs_wheels() -> None:
    plan = plan_for(None, system="Darwin", arch="arm64", ram_gib=32)
    assert plan.torch.index_url == plan.sources.packages
    assert plan_for(None, system="Darwin", arch="x86_64", ram_gib=32).torch.version == "2.2.2"


def test_only_the_package_index_gives_its_default_build() -> None:
    alone = reached("packages/pypi")
    plan = planned(replace(described(None, ram_gib=24), sources=alone))
    assert (plan.torch.version, plan.torch.build) == ("2.15.0", "cu132")
    assert plan.torch.compatibility == "default-build"
    assert plan.torch.index_url == plan.sources.packages


@pytest.mark.parametrize(
    ("driver", "gpu", "torch", "build"),
    [
        ("580.65.06", RTX_4090, "2.15.0", "cu132"),
        ("535.104.05", RTX_4090, "2.10.0", "cu128"),
        ("580.65.06", V100, "2.10.0", "cu128"),
        ("580.65.06", GTX_1080_TI, "2.7.1", "cu126"),
    ],
)
def test_the_default_build_must_run_on_the_card(
    driver: str, gpu: str, torch: str, build: str
) -> None:
    machine = replace(described(driver, gpu), sources=reached("packages/pypi"))
    plan = planned(machine)
    assert (plan.torch.version, plan.torch.build) == (torch, build)
    assert plan.torch.compatibility == "default-build"


def test_windows_without_the_torch_index_has_no_cuda() -> None:
    machine = described("560.94", RTX_3060, system="Windows")
    with pytest.raises(SetupError) as caught:
        planned(replace(machine, sources=reached("packages/pypi")))
    assert caught.value.code == "torch_unreachable"


def test_a_page_of_wheels_is_given_as_find_links() -> None:
    machine = replace(
        described("535.104.05", RTX_4090), sources=reached("packages/aliyun", "torch/aliyun")
    )
    plan = planned(machine)
    assert plan.torch.find_links == "https://mirrors.aliyun.com/pytorch-wheels/cu126"
    assert plan.sources.packages == "https://mirrors.aliyun.com/pypi/simple"


def test_other_makers_gpus_are_told_plainly() -> None:
    plan = plan_for(None, "AMD Radeon RX 7900 XTX,,24576,24000", ram_gib=32)
    assert plan.torch.build == "cpu"
    assert any("not an NVIDIA GPU" in w.message.english for w in plan.warnings)


def test_a_hidden_gpu_means_the_cpu() -> None:
    gpu = Gpu(name="RTX 4090", compute_capability="8.9", usable=False, note="hidden")
    machine = replace(described("580.65.06", ram_gib=32), gpus=(gpu,), visible_devices="")
    plan = planned(machine)
    assert plan.placement.device == "cpu"
    assert any("CUDA_VISIBLE_DEVICES" in w.message.english for w in plan.warnings)


def test_a_capability_is_looked_up_by_name() -> None:
    gpu = Gpu(name="NVIDIA GeForce RTX 4090", memory_total_bytes=24 * GIB,
              memory_free_bytes=23 * GIB)  # fmt: skip
    machine = replace(described("580.65.06"), gpus=(gpu,))
    assert planned(machine).torch.version == "2.15.0"


def test_torch_2_9_and_torchaudio_are_never_chosen() -> None:
    for driver in ("525.147.05", "550.54.15", "580.65.06"):
        for strict in (False, True):
            plan = plan_for(driver, V100, strict_cuda=strict)
            assert not plan.torch.version.startswith("2.9")
            assert "torchaudio" not in [p.name for p in plan.extra_packages]


def test_a_forward_compatibility_package_is_told() -> None:
    made = described("535.216.01", "NVIDIA L4,8.9,23034,22000")
    compat = replace(made, driver=replace(made.driver, cuda="12.8", cuda_source="cuda-compat"))
    assert any("cuda-compat" in w.message.english for w in planned(compat).warnings)
    assert not any("cuda-compat" in w.message.english for w in planned(made).warnings)
