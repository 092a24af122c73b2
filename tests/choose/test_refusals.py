"""What nothing runs on, and the remedy that is right for that card."""

from dataclasses import replace

import pytest

from setup_assistant.errors import Exit, SetupError
from setup_assistant.machine.facts import Driver, Gpu, Machine, Tool, Verdict
from setup_assistant.steps.install_job import old_libc
from tests.choose.described import described, plan_for, planned


def refused(*arguments: object, **about: object) -> SetupError:
    with pytest.raises(SetupError) as caught:
        plan_for(*arguments, **about)  # type: ignore[arg-type]
    return caught.value


def test_a_driver_below_every_floor_names_a_branch_that_still_drives_the_card() -> None:
    error = refused("418.87.00", "Tesla T4,7.5,15360,14900")
    assert error.code == "driver_too_old"
    assert "branch 580" in error.hint.english


@pytest.mark.parametrize(
    ("system", "driver", "gpu"),
    [
        ("Linux", "450.51.06", "Tesla T4,7.5,15109,15000"),
        ("Windows", "452.06", "NVIDIA GeForce RTX 2060,7.5,6144,6000"),
    ],
)
def test_a_driver_of_the_floors_branch_but_below_it(system: str, driver: str, gpu: str) -> None:
    """CUDA 11 starts with 450.80.02."""
    error = refused(driver, gpu, system=system)
    assert error.code == "driver_too_old"
    assert "branch 580" in error.hint.english


def test_a_python_without_wheels_does_not_hide_that_the_driver_is_too_old() -> None:
    error = refused("440.33.01", "Tesla T4,7.5,15109,15000", python="3.7")
    assert error.code == "driver_too_old"


def test_a_card_that_nobody_knows_is_to_be_described() -> None:
    gpu = Gpu(name="Graphics Device", memory_total_bytes=12 << 30)
    with pytest.raises(SetupError) as caught:
        planned(Machine(gpus=(gpu,), driver=Driver(version="570.133.20", cuda="12.8")))
    assert caught.value.code == "gpu_unknown"
    assert "--gpu NAME,CC" in caught.value.hint.english


def test_a_driver_that_failed_is_not_taken_for_no_gpu_in_silence() -> None:
    verdict = Verdict(id="driver_library_mismatch", sentence="…")
    plan = planned(Machine(verdicts=(verdict,)))
    assert plan.torch.build == "cpu"
    assert any("driver failed" in w.message.english for w in plan.warnings)
    asked_wrongly = Verdict(id="field_unsupported", sentence="…")
    assert not planned(Machine(verdicts=(asked_wrongly,))).warnings


@pytest.mark.parametrize(
    ("part", "branch"), [("5.2", "580"), ("6.1", "580"), ("7.0", "580"), ("3.7", "470")]
)
def test_old_cards_are_never_sent_past_their_last_branch(part: str, branch: str) -> None:
    error = refused("440.33", f"Old,{part},11264,11000")
    assert error.code == "driver_too_old"
    assert f"branch {branch}" in error.hint.english


def test_a_card_older_than_every_build_is_not_told_to_upgrade() -> None:
    error = refused("470.223.02", "NVIDIA GeForce GTX 680,3.0,2048,2000")
    assert error.code == "gpu_too_old"
    assert "does not help" in error.hint.english


def test_arm_wheels_without_turing() -> None:
    error = refused("535.104.05", "NVIDIA T4G,7.5,15360,14900", arch="aarch64")
    assert error.code == "gpu_no_kernels"
    assert error.exit == Exit.CANNOT


def test_strict_cuda_names_what_would_run() -> None:
    error = refused("525.147.05", "NVIDIA L4,8.9,23034,22000", strict_cuda=True, arch="aarch64")
    assert error.code == "strict_cuda"
    assert "cu12" in error.hint.english


def test_a_python_for_which_other_packages_have_no_wheel_yet() -> None:
    with pytest.raises(SetupError) as caught:
        planned(described("580.65.06", "NVIDIA L4,8.9,23034,22000"), python="3.15")
    assert caught.value.code == "python_incomplete"
    assert "--python 3.1" in caught.value.hint.english


def test_an_unknown_driver_cannot_be_planned_for() -> None:
    assert refused(None, "NVIDIA GeForce RTX 4090").code == "driver_unknown"


def test_a_gpu_without_driver_names_the_branch_for_it() -> None:
    gpu = Gpu(name="GTX 1080", compute_capability="6.1", usable=False, kernel_driver="nouveau")
    with pytest.raises(SetupError) as caught:
        planned(Machine(gpus=(gpu,)))
    assert caught.value.code == "driver_missing"
    assert "580" in caught.value.hint.english


def test_a_nameless_gpu_that_answered_has_a_driver() -> None:
    """A table without names and banner: something answered, whatever its version is."""
    with pytest.raises(SetupError) as caught:
        planned(Machine(gpus=(Gpu(name="NVIDIA GPU"),)))
    assert caught.value.code == "gpu_unknown"


def test_a_driver_without_a_described_gpu_is_told() -> None:
    plan = planned(Machine(driver=Driver(version="575.57.08", cuda="12.9")))
    assert plan.torch.build == "cpu"
    assert any("no GPU is described" in w.message.english for w in plan.warnings)


def test_a_lost_gpu_says_why() -> None:
    gpu = Gpu(name="RTX 4090", compute_capability="8.9", usable=False, note="fell off the bus")
    machine = Machine(gpus=(gpu,), driver=Driver(version="580.65.06", cuda="13.0"))
    with pytest.raises(SetupError) as caught:
        planned(machine)
    assert caught.value.code == "gpu_unusable"
    assert "fell off the bus" in str(caught.value)


def test_mig_mode_without_slices() -> None:
    machine = described("580.65.06", "NVIDIA A100,8.0,40960,40000")
    machine = replace(machine, gpus=(replace(machine.gpus[0], mig="on"),))
    with pytest.raises(SetupError) as caught:
        planned(machine)
    assert caught.value.code == "mig_empty"


def test_macs_have_no_cuda() -> None:
    error = refused("580.65.06", "RTX 4090,8.9,24564,24000", system="Darwin", arch="arm64")
    assert error.code == "no_cuda_platform"


def test_an_unknown_gpu_is_wrong_use() -> None:
    error = refused("580.65.06", "RTX 4090,8.9,24564,24000", gpus=("GPU-x",))
    assert error.code == "gpu_not_found"
    assert error.exit == Exit.USAGE


def test_a_python_that_no_release_knows() -> None:
    with pytest.raises(SetupError) as caught:
        planned(described(None, ram_gib=24), python="2.7")
    assert caught.value.code == "python_unsupported"


def test_windows_on_arm_has_no_wheel() -> None:
    assert refused(None, system="Windows", arch="aarch64").code == "no_wheel"


# Pairs of driver and card that do not exist, and the first branch that drives the card.
IMPOSSIBLE = [
    ("550.144.03", "NVIDIA GeForce RTX 5090,12.0,32607,31000", 570, True, "x86_64"),
    ("565.77", "NVIDIA GeForce RTX 5070 Ti,12.0,16303,15900", 570, True, "x86_64"),
    ("535.247.01", "NVIDIA RTX PRO 6000 Blackwell Server Edition,12.0,97887,97000", 570, True,
     "x86_64"),
    ("470.256.02", "NVIDIA H100 80GB HBM3,9.0,81559,81000", 515, False, "x86_64"),
    ("510.108.03", "NVIDIA GH200 480GB,9.0,97871,97000", 515, False, "aarch64"),
    ("565.57.01", "NVIDIA GB10,12.1,0,0", 580, True, "aarch64"),
    ("575.57.08", "NVIDIA GB10,12.1,0,0", 580, True, "aarch64"),
    ("550.127.08", "NVIDIA B200,10.0,183359,182000", 570, True, "x86_64"),
    ("560.35.05", "NVIDIA GB200,10.0,189471,188000", 570, True, "aarch64"),
    ("570.86.15", "NVIDIA GB300,10.3,284208,280000", 575, True, "aarch64"),
    ("515.105.01", "NVIDIA GeForce RTX 4090,8.9,24564,24000", 520, False, "x86_64"),
    ("470.82.01", "NVIDIA L40S,8.9,46068,45000", 520, False, "x86_64"),
    ("460.106.00", "NVIDIA L4,8.9,23034,22500", 520, False, "x86_64"),
    ("450.119.03", "NVIDIA GeForce RTX 3090,8.6,24576,24000", 455, False, "x86_64"),
    ("450.80.02", "NVIDIA A40,8.6,46068,45000", 455, False, "x86_64"),
    ("440.118.02", "NVIDIA A100-SXM4-40GB,8.0,40536,40000", 450, False, "x86_64"),
    ("390.157", "NVIDIA GeForce RTX 2080 Ti,7.5,11264,11000", 410, False, "x86_64"),
]  # fmt: skip


@pytest.mark.parametrize(("driver", "gpu", "branch", "open_modules", "arch"), IMPOSSIBLE)
def test_a_driver_from_before_the_card_is_told(
    driver: str, gpu: str, branch: int, open_modules: bool, arch: str
) -> None:
    error = refused(driver, gpu, arch=arch)
    assert error.code == f"driver_before_card{'_open' if open_modules else ''}"
    assert f"branch {branch} is the first" in error.message.english
    assert ("open kernel modules" in error.hint.english) == open_modules


@pytest.mark.parametrize(
    ("driver", "gpu"),
    [
        ("570.86.15", "NVIDIA GeForce RTX 5090,12.0,32607,31000"),
        ("520.61.05", "NVIDIA GeForce RTX 4090,8.9,24564,24000"),
        ("515.105.01", "NVIDIA H100 80GB HBM3,9.0,81559,81000"),
        ("575.57.08", "NVIDIA GB300,10.3,284208,280000"),
    ],
)
def test_the_first_branch_drives_the_card(driver: str, gpu: str) -> None:
    assert plan_for(driver, gpu).placement.device == "cuda"


@pytest.mark.parametrize("driver", ["591.74", "576.02", "572.16"])
def test_windows_drivers_of_a_branch_carry_higher_numbers(driver: str) -> None:
    plan = plan_for(driver, "NVIDIA GeForce RTX 5090,12.0,32607,31000", system="Windows")
    assert plan.placement.device == "cuda"


@pytest.mark.parametrize(
    ("driver", "gpu", "first"),
    [
        ("550.90.07", Gpu(name="NVIDIA GeForce RTX 5090", compute_capability="12.0"),
         "are not known to go together"),
        ("535.183.01", Gpu(name="Tesla K80", compute_capability="3.7"),
         "are not known to go together"),
        ("550.90.07", Gpu(name="NVIDIA GeForce RTX 4090", compute_capability="8.6"),
         "has compute capability 8.9, but 8.6 was told"),
        ("550.90.07", Gpu(name="NVIDIA GeForce RTX 3090", compute_capability="8.6",
                          memory_total_bytes=80 << 30), "is sold with 24 GiB, but 80"),
        ("550.90.07", Gpu(name="NVIDIA A10", compute_capability="8.6", memory_total_bytes=24 << 30,
                          memory_free_bytes=20 << 30, compute_mode="exclusive_process"),
         "another program has it"),
        ("550.90.07", Gpu(name="NVIDIA A10", compute_capability="8.6", memory_total_bytes=24 << 30,
                          memory_free_bytes=24 << 30, compute_mode="exclusive_process"), None),
        ("570.133.20", Gpu(name="NVIDIA GeForce RTX 2080 Ti", compute_capability="7.5",
                           memory_total_bytes=22 << 30), None),
    ],
)  # fmt: skip
def test_what_an_output_tells_and_cannot_be_is_planned_but_said_first(
    driver: str, gpu: Gpu, first: str | None
) -> None:
    told = Driver(version=driver, cuda="12.4", source="nvidia-smi")
    said = planned(Machine(gpus=(gpu,), driver=told)).warnings
    if first:
        assert first in said[0].message.english
    else:
        assert not any("another program" in w.message.english for w in said)
        assert not any("told" in w.message.english for w in said)


def test_a_card_that_is_too_new_for_the_driver_is_left_out_beside_another() -> None:
    plan = plan_for(
        "535.183.01", "NVIDIA GeForce RTX 5090,12.0,32607,31000", "NVIDIA A40,8.6,46068,45500"
    )
    assert plan.left_out == ("0",)
    assert any("does not drive it yet, branch 570" in w.message.english for w in plan.warnings)


def test_a_card_that_answers_is_driven_whatever_a_table_says() -> None:
    gpu = Gpu(
        name="NVIDIA GeForce RTX 5090", compute_capability="12.0",
        memory_total_bytes=32 << 30, memory_free_bytes=31 << 30,
    )  # fmt: skip
    driver = Driver(version="565.99", cuda="12.8", source="nvml")
    assert planned(Machine(gpus=(gpu,), driver=driver)).placement.device == "cuda"


def test_a_linux_with_musl_is_refused_with_the_reason() -> None:
    made = described("580.65.06", "NVIDIA L4,8.9,23034,22000")
    with pytest.raises(SetupError) as caught:
        planned(replace(made, system=replace(made.system, musl=True)))
    assert caught.value.code == "musl_system"
    assert "glibc" in caught.value.hint.english


@pytest.mark.parametrize("glibc", ["2.17", "2.23", "2.26", "2.27"])
def test_an_old_libc_gets_the_last_release_that_has_wheels_for_it(glibc: str) -> None:
    plan = plan_for("535.183.01", "Tesla T4,7.5,15360,14900", glibc=glibc)
    assert (plan.torch.version, plan.decoder.package) == ("2.6.0", "decord")
    assert plan.platform is not None
    assert old_libc(plan) == (plan.model.quantization == "none")
    current = plan_for("535.183.01", "Tesla T4,7.5,15360,14900", glibc="2.28")
    assert not old_libc(current)


def test_three_old_cards_leave_the_oldest_out() -> None:
    plan = plan_for(
        "470.256.02", "Tesla V100-PCIE-16GB,7.0,16384,16100", "Tesla K80,3.7,11441,11400",
        "Tesla P100-PCIE-16GB,6.0,16280,16100",
    )  # fmt: skip
    assert (plan.torch.build, plan.left_out) == ("cu118", ("1",))


def test_a_free_threaded_python_is_not_chosen() -> None:
    made = described("580.65.06", "NVIDIA L4,8.9,23034,22000")
    tools = (Tool(name="python3.14t", path="/usr/bin/python3.14t"),
             Tool(name="python3.13", path="/usr/bin/python3.13"))  # fmt: skip
    system = replace(made.system, python="3.15.0")
    assert planned(replace(made, system=system, tools=tools)).python == "3.13"


def test_a_driver_that_is_to_know_the_card_is_one_that_a_pytorch_runs_on_too() -> None:
    """The first branch that drives an 8.6 runs no PyTorch for ARM: a second reboot is saved."""
    card = "NVIDIA A40,8.6,46068,45000"
    error = refused("450.80.02", card, arch="aarch64")
    assert error.args_["branch"] == 455
    assert "branch 525 or newer" in error.hint.english
    assert plan_for("525.147.05", card, arch="aarch64").torch.build.startswith("cu")
