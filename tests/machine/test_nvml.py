"""NVML of every age, and whatever else it throws: each fact is asked on its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant.machine import nvml as nvml_reading
from setup_assistant.machine import probe
from setup_assistant.machine.facts import Machine
from setup_assistant.machine.nvml_ask import Course

MIB = 1 << 20
T4 = "gpu Tesla T4|7|5|15360|1000|0|-1|0|4242"
L40S = "gpu NVIDIA L40S|8|9|46068|500|0|-1|0|0"
Use = Callable[..., None]
Tree = Callable[..., Path]

# Every function of which the library may know an older version only, or none at all.
OLD = (
    "nvmlInitWithFlags", "nvmlInit_v2", "nvmlDeviceGetCount_v2", "nvmlDeviceGetHandleByIndex_v2",
    "nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2", "nvmlSystemGetCudaDriverVersion_v2",
    "nvmlDeviceGetMemoryInfo_v2", "nvmlDeviceGetComputeRunningProcesses_v3",
    "nvmlDeviceGetGraphicsRunningProcesses_v3", "nvmlDeviceGetAttributes_v2",
)  # fmt: skip
GONE = (
    "nvmlSystemGetNVMLVersion", "nvmlSystemGetProcessName", "nvmlDeviceGetUUID",
    "nvmlDeviceGetDisplayActive", "nvmlDeviceGetPersistenceMode", "nvmlDeviceGetComputeMode",
    "nvmlDeviceGetMigMode", "nvmlDeviceGetMaxMigDeviceCount", "nvmlErrorString",
)  # fmt: skip
SECOND = ("nvmlDeviceGetComputeRunningProcesses_v2", "nvmlDeviceGetGraphicsRunningProcesses_v2")


def look(root: Path, deadline: float = 8.0) -> Machine:
    return probe.probe(sources=False, root=root, deadline=deadline)


def cards(machine: Machine) -> list[tuple[str, str | None, int | None, int | None]]:
    return [
        (g.name, g.compute_capability, (g.memory_total_bytes or 0) // MIB,
         (g.memory_free_bytes or 0) // MIB)
        for g in machine.gpus
    ]  # fmt: skip


# Alone and with others: each function is missing beside each that is there.
_ALL = (*OLD, *GONE)
MISSING = [OLD, (*OLD, *SECOND), GONE, *(_ALL[i::5] for i in range(5)), _ALL[::2], _ALL[1::2]]


@pytest.mark.parametrize("missing", MISSING)
def test_a_library_that_lacks_functions(nvml: Use, tree: Tree, missing: tuple[str, ...]) -> None:
    nvml("driver 470.256.02", "cuda 11040", T4, L40S, missing=missing)
    machine = look(tree())
    reserved = 0 if "nvmlDeviceGetMemoryInfo_v2" in missing else 500
    assert cards(machine) == [
        ("Tesla T4", "7.5", 15360, 14360 - reserved),
        ("NVIDIA L40S", "8.9", 46068, 45568 - reserved),
    ]
    assert (machine.driver.version, machine.driver.cuda) == ("470.256.02", "11.4")
    assert [g.pci_bus_id for g in machine.gpus] == ["00000000:01:00.0", "00000000:02:00.0"]
    assert [p.pid for p in machine.gpus[0].processes] == [4242]
    assert machine.verdicts == ()


@pytest.mark.parametrize("name", ["Name", "UUID", "PciInfo", "DisplayActive", "ComputeMode"])
def test_a_fact_that_fails_takes_no_other_with_it(nvml: Use, tree: Tree, name: str) -> None:
    nvml("driver 580.95.05", "cuda 13000", f"fail nvmlDeviceGet{name}@0 999", T4, L40S)
    machine = look(tree())
    assert [c[1:] for c in cards(machine)] == [("7.5", 15360, 13860), ("8.9", 46068, 45068)]
    assert machine.verdicts == ()


def test_names_that_are_not_utf8(nvml: Use, tree: Tree) -> None:
    """A Latin-1 sign in a card's name; a process's path in the code page of Chinese Windows."""
    path = "/mnt/c/模型/python".encode("gb18030")
    card = "gpu NVIDIA L40S® Server|8|9|46068|0|0|-1|0|31".encode("latin-1")
    nvml("driver 581.80", "cuda 13000", b"pname " + path, card, T4)
    machine = look(tree())
    assert [g.name for g in machine.gpus] == ["NVIDIA L40S® Server", "Tesla T4"]
    assert [p.name for p in machine.gpus[0].processes] == ["/mnt/c/模型/python"]


def test_cards_of_a_driver_that_cannot_count(nvml: Use, tree: Tree) -> None:
    nvml("cuda 13000", "fail nvmlDeviceGetCount 999", T4, "gpu X|8|9|24564|0|15|-1|0|0", L40S)
    machine = look(tree())
    assert [g.usable for g in machine.gpus] == [True, False, True]
    assert [v.id for v in machine.verdicts] == ["gpu_lost"]


def test_a_driver_that_can_nothing(nvml: Use, tree: Tree) -> None:
    nvml("cuda 13000", "fail nvmlDeviceGetCount 999", "fail nvmlDeviceGetHandleByIndex 999", T4)
    machine = look(tree())
    assert [v.id for v in machine.verdicts] == ["nvml_unknown_error"]
    assert "nvmlDeviceGetCount" in machine.verdicts[0].evidence[0]


def test_no_program_may_use_a_prohibited_card(nvml: Use, tree: Tree) -> None:
    nvml("cuda 13000", T4, L40S, "mode 0 2", "mode 1 3")
    first, second = look(tree()).gpus
    assert (first.usable, first.compute_mode) == (False, "prohibited")
    assert "Prohibited" in (first.note or "")
    assert (second.usable, second.compute_mode) == (True, "exclusive_process")


@pytest.mark.parametrize(
    "slow", ["nvmlInit 1.5", "nvmlDeviceGetName 0.7", "nvmlDeviceGetMemoryInfo@1 1.5"]
)
def test_slow_is_no_hang(nvml: Use, tree: Tree, slow: str) -> None:
    """Each call takes longer than the whole deadline, or all of them together do."""
    nvml("driver 580.95.05", "cuda 13000", f"slow {slow}", T4, L40S)
    machine = look(tree(), deadline=1.0)
    assert cards(machine) == [
        ("Tesla T4", "7.5", 15360, 13860),
        ("NVIDIA L40S", "8.9", 46068, 45068),
    ]
    assert not {"nvml_hangs", "nvidia_smi_hangs"} & {v.id for v in machine.verdicts}


def _course(start: float, **calls: float) -> Course:
    course = Course(8.0, began=0.0)
    course.started = start
    course.slow = dict(calls)
    return course


@pytest.mark.parametrize(
    ("course", "ids"),
    [
        (_course(0.05, nvmlInit=5.0), ["driver_slow"]),
        (_course(0.05, nvmlInit=0.4), []),
        # A computer on which everything takes twenty times as long has no slow driver.
        (_course(1.4, nvmlInit=5.0), []),
    ],
)
def test_slow_is_told_as_slow(course: Course, ids: list[str]) -> None:
    assert [f.id for f in nvml_reading._slow(course)] == ids


def test_a_hang_names_its_call_and_card(nvml: Use, tree: Tree) -> None:
    nvml("cuda 13000", "hang nvmlSystemGetProcessName", T4, L40S)
    machine = look(tree(), deadline=2.0)
    (verdict,) = machine.verdicts
    assert verdict.id == "nvml_hangs"
    assert verdict.evidence[0].startswith("nvmlSystemGetProcessName of GPU 0: no answer within ")
    # What a plan needs of any card was told before.
    assert cards(machine) == [
        ("Tesla T4", "7.5", 15360, 13860),
        ("NVIDIA L40S", "8.9", 46068, 45068),
    ]


def test_a_crash_at_one_card_takes_no_other_with_it(nvml: Use, tree: Tree) -> None:
    nvml("cuda 13000", "crash nvmlDeviceGetUUID@0", T4, L40S)
    machine = look(tree())
    assert [g.name for g in machine.gpus] == ["Tesla T4", "NVIDIA L40S"]
    assert machine.verdicts[0].evidence[-1] == "in nvmlDeviceGetUUID of GPU 0"


def test_a_slow_interpreter_is_no_hang(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child never begins, on a machine without any driver: nothing was asked."""
    late = tmp_path / "late-python"
    late.write_text("#!/bin/sh\nexec /bin/sleep 1000\n")
    late.chmod(0o755)
    monkeypatch.setattr("sys.executable", os.fspath(late))
    machine = look(tree(), deadline=0.6)
    assert machine.verdicts == ()
    assert any("very busy" in u.reason for u in machine.unknown if u.field == "gpus")


@pytest.mark.parametrize(
    ("driver", "cuda", "source"),
    [
        ("535.216.01", 12080, "cuda-compat"),
        ("470.256.02", 12020, "cuda-compat"),
        ("535.216.01", 12020, "nvml"),
        ("999.10", 19000, "nvml"),
    ],
)
def test_a_forward_compatibility_package_is_seen(
    nvml: Use, tree: Tree, driver: str, cuda: int, source: str
) -> None:
    nvml(f"driver {driver}", f"cuda {cuda}", T4)
    assert look(tree()).driver.cuda_source == source


def test_more_free_memory_than_there_is_counts_as_unknown(nvml: Use) -> None:
    nvml("gpu NVIDIA GeForce RTX 4090|8|9|24564|24200|0|0|0|4242")
    (card,) = probe.probe(sources=False).gpus
    assert card.memory_total_bytes
    assert card.memory_free_bytes is None
