"""Cards that other programs fill, or that cannot be used: said first, with what would fit."""

from __future__ import annotations

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Driver, Gpu, Machine, Memory, Process
from tests.choose.described import planned

GIB = 1 << 30


def gpu(free: float, total: float = 24.0, index: int = 0, **more: object) -> Gpu:
    return Gpu(
        name="NVIDIA GeForce RTX 4090", index=index, compute_capability="8.9", mig="off",
        memory_total_bytes=int(total * GIB), memory_free_bytes=int(free * GIB),
        pci_bus_id=f"00000000:0{index + 1}:00.0", display_active=False, **more,
    )  # fmt: skip


def machine(*gpus: Gpu) -> Machine:
    driver = Driver(version="570.133.20", cuda="12.8", source="nvml")
    ram = Memory(total_bytes=64 * GIB, available_bytes=60 * GIB)
    return Machine(gpus=gpus, driver=driver, memory=ram)


USERS = (Process(pid=7, name="/usr/bin/train.py"), Process(pid=9))


def test_the_first_warning_says_who_fills_the_card_and_what_would_fit() -> None:
    plan = planned(machine(gpu(2.0, processes=USERS)))
    first = plan.warnings[0].message.english
    assert plan.placement.device == "cpu"
    assert first.startswith("22.0 GiB of 24.0 GiB of NVIDIA GeForce RTX 4090 are in use by ")
    assert "/usr/bin/train.py, PID 9: after closing them, " in first
    assert "Qwen2" in first
    assert first.endswith(" would fit.")


def test_a_smaller_model_for_want_of_room_is_told_too() -> None:
    full, empty = planned(machine(gpu(9.0))), planned(machine(gpu(23.4)))
    assert full.model.id != empty.model.id
    assert " are in use by other programs: " in full.warnings[0].message.english
    assert "其他程序" in full.warnings[0].message.into("zh_CN")
    assert f"after closing them, {empty.model.id} would fit." in full.warnings[0].message.english


def test_an_idle_card_needs_no_word() -> None:
    told = [w.message.english for w in planned(machine(gpu(23.4))).warnings]
    assert not any("in use by" in t for t in told)


def test_a_model_asked_for_by_name_is_refused_with_the_reason() -> None:
    with pytest.raises(SetupError) as raised:
        planned(machine(gpu(2.0, processes=USERS)), model="Qwen/Qwen2-VL-7B-Instruct")
    assert raised.value.code == "gpu_occupied"
    assert "would fit after closing them" in str(raised.value)


def test_of_several_the_fullest_is_named() -> None:
    cards = (gpu(2.0, processes=USERS), gpu(1.0, index=1), gpu(2.0, index=2))
    with pytest.raises(SetupError) as raised:
        planned(machine(*cards), model="Qwen/Qwen2-VL-7B-Instruct")
    assert (raised.value.args_["used"], raised.value.args_["users"]) == (
        "23.0 GiB", "other programs",
    )  # fmt: skip


def test_a_card_that_is_too_small_is_not_blamed_on_others() -> None:
    with pytest.raises(SetupError) as raised:
        planned(machine(gpu(20.0)), model="Qwen/Qwen2-VL-72B-Instruct")
    assert raised.value.code == "model_does_not_fit"


def test_what_is_not_used_beside_others_is_named() -> None:
    mode = gpu(23.0, index=1, usable=False, note="Its compute mode is Prohibited.")
    sliced = Gpu(name="NVIDIA A30", index=2, compute_capability="8.0", mig="on", usable=False,
                 pci_bus_id="00000000:03:00.0", note="divided")  # fmt: skip
    told = [w.message.english for w in planned(machine(gpu(23.4), mode, sliced)).warnings]
    assert "NVIDIA GeForce RTX 4090 is not used: Its compute mode is Prohibited." in told
    assert any(t.startswith("NVIDIA A30 is in MIG mode and has no slices") for t in told)
