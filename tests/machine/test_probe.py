"""The live probe against machines that do not exist, through the real pynvml."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant.host import run
from setup_assistant.machine import host, nvml_child, probe
from setup_assistant.machine.facts import Machine

MIB = 1 << 20
R4090 = "gpu NVIDIA GeForce RTX 4090|8|9|24564|1000|0|-1|1|4242"
V100 = "gpu Tesla V100-PCIE-16GB|7|0|16384|0|0|-1|0|0"
CARD = ("0000:01:00.0", "0x10de", "0x2684", "nvidia")
TABLE = """
| NVIDIA-SMI 535.183.01             Driver Version: 535.183.01   CUDA Version: 12.2     |
|   0  Tesla T4                        On | 00000000:01:00.0 Off |                    0 |
| N/A   35C    P0              25W /  70W |    109MiB / 15360MiB |      0%      Default |
|                                         |                      |                  N/A |
+-----------------------------------------+----------------------+----------------------+
"""
Use = Callable[..., None]
Tree = Callable[..., Path]


def look(root: Path, deadline: float = 8.0) -> Machine:
    return probe.probe(sources=False, root=root, deadline=deadline)


def ids(machine: Machine) -> list[str]:
    return [v.id for v in machine.verdicts]


def test_a_healthy_machine(nvml: Use, tree: Tree) -> None:
    nvml("driver 570.133.20", "cuda 12080", R4090, V100)
    machine = look(tree())
    assert machine.driver.version == "570.133.20"
    assert machine.driver.cuda == "12.8"
    assert machine.driver.source == "nvml"
    assert machine.driver.library == "570.133.20"
    first, second = machine.gpus
    assert first.name == "NVIDIA GeForce RTX 4090"
    assert first.uuid == "GPU-00000000-0000-0000-0000-000000000000"
    assert first.compute_capability == "8.9"
    assert first.memory_total_bytes == 24564 * MIB
    assert first.memory_free_bytes == (24564 - 1000 - 500) * MIB
    assert first.display_active is True
    assert [(p.pid, p.name, p.memory_bytes) for p in first.processes] == [
        (4242, "python", 300 * MIB)
    ]
    assert (second.compute_capability, second.index, second.display_active) == ("7.0", 1, False)
    assert machine.verdicts == ()
    assert all(g.usable for g in machine.gpus)


def test_the_old_memory_call(nvml: Use, tree: Tree) -> None:
    nvml("driver 450.80.02", "cuda 11000", V100, missing=["nvmlDeviceGetMemoryInfo_v2"])
    gpu = look(tree()).gpus[0]
    assert (gpu.memory_total_bytes, gpu.memory_free_bytes) == (16384 * MIB, 16384 * MIB)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (4, "permission_denied"),
        (9, "driver_not_loaded"),
        (12, "nvml_missing"),
        (17, "blocked_by_os"),
        (18, "driver_library_mismatch"),
        (999, "nvml_unknown_error"),
        (13, "nvml_too_old"),
        (77, "nvml_error"),
    ],
)
def test_each_failure_of_init_has_its_verdict(
    nvml: Use, tree: Tree, code: int, verdict: str
) -> None:
    nvml(f"init {code}")
    machine = look(tree(card=CARD))
    assert ids(machine) == [verdict]
    assert machine.verdicts[0].remedy
    assert f"NVML error {code}" in machine.verdicts[0].evidence[0]
    # The card is still seen on the bus, by its device number.
    assert [(g.compute_capability, g.usable) for g in machine.gpus] == [("8.9", False)]


def test_a_mismatch_shows_both_sides(nvml: Use, tree: Tree) -> None:
    nvml("init 18")
    root = tree({"sys/module/nvidia/version": "570.133.20\n"}, card=CARD)
    folder = root / "usr/lib/x86_64-linux-gnu"
    folder.mkdir(parents=True)
    (folder / "libnvidia-ml.so.1").symlink_to("libnvidia-ml.so.570.195.03")
    machine = look(root)
    assert {"kernel module: 570.133.20", "library: 570.195.03"} <= set(machine.verdicts[0].evidence)
    assert (machine.driver.version, machine.driver.source) == ("570.133.20", "kernel")
    assert (machine.driver.cuda, machine.driver.cuda_source) == ("12.8", "table")


def test_no_devices(nvml: Use, tree: Tree) -> None:
    nvml("cuda 12080")
    machine = look(tree())
    assert ids(machine) == ["no_devices"]
    assert machine.driver.version == "570.133.20"


def test_one_lost_of_two(nvml: Use, tree: Tree) -> None:
    nvml("cuda 12080", R4090, "gpu X|8|9|24564|0|15|-1|0|0")
    machine = look(tree())
    assert ids(machine) == ["gpu_lost"]
    assert [g.usable for g in machine.gpus] == [True, False]
    assert machine.gpus[0].memory_free_bytes
    assert machine.gpus[1].note


def test_one_forbidden_of_two(nvml: Use, tree: Tree) -> None:
    nvml("cuda 12080", "gpu X|8|9|24564|0|4|-1|0|0", R4090)
    machine = look(tree())
    assert ids(machine) == ["gpu_forbidden"]
    assert [g.usable for g in machine.gpus] == [False, True]


def test_mig_slices_are_gpus_of_their_own(nvml: Use, tree: Tree) -> None:
    nvml(
        "cuda 12080",
        "gpu NVIDIA A100-SXM4-80GB|8|0|81920|50|0|1|0|0",
        "slice 0|3g.40gb|40448|20|42",
        "slice 0|1g.10gb|9728|10|14",
    )
    gpus = look(tree()).gpus
    assert [(g.mig, g.usable) for g in gpus] == [
        ("on", False),
        ("3g.40gb", True),
        ("1g.10gb", True),
    ]
    assert gpus[1].name == "NVIDIA A100-SXM4-80GB MIG 3g.40gb"
    assert gpus[1].uuid == "MIG-00000000-0000-0000-0000-000000000000"
    assert gpus[1].memory_free_bytes == (40448 - 20) * MIB
    assert {g.compute_capability for g in gpus} == {"8.0"}


def test_a_part_that_shares_main_memory(nvml: Use, tree: Tree) -> None:
    nvml("driver 580.95.05", "cuda 13000", "gpu NVIDIA GB10|12|1|0|0|0|-1|0|0")
    root = tree({"proc/meminfo": "MemTotal: 125829120 kB\nMemAvailable: 104857600 kB\n"})
    gpu = look(root).gpus[0]
    assert gpu.unified_memory
    assert (gpu.memory_total_bytes, gpu.memory_free_bytes) == (120 << 30, 100 << 30)


def test_a_driver_without_its_cuda_library(nvml: Use, tree: Tree) -> None:
    nvml("driver 470.223.02", "cuda -12", V100)
    machine = look(tree())
    assert (machine.driver.cuda, machine.driver.cuda_source) == ("11.4", "table")
    assert ids(machine) == ["libcuda_missing"]


@pytest.mark.parametrize("place", ["nvmlInit", "nvmlDeviceGetCount"])
def test_a_hang_of_nvml_leaves_nvidia_smi(
    nvml: Use, nvidia_smi: Use, tree: Tree, place: str
) -> None:
    nvml(f"hang {place}", R4090)
    nvidia_smi({"": (TABLE, 0)})
    machine = look(tree(), deadline=3.0)
    assert ids(machine) == ["nvml_hangs"]
    # What NVML said before it hung counts more than nvidia-smi.
    told = {"nvmlInit": "535.183.01", "nvmlDeviceGetCount": "570.133.20"}
    assert machine.driver.version == told[place]
    assert [g.name for g in machine.gpus] == ["Tesla T4"]


def test_what_was_said_before_a_hang_is_kept(nvml: Use, tree: Tree) -> None:
    nvml("cuda 12080", "hang nvmlDeviceGetMemoryInfo@1", R4090, V100)
    machine = look(tree(), deadline=2.0)
    assert ids(machine) == ["nvml_hangs"]
    assert machine.driver.version == "570.133.20"
    assert [g.name for g in machine.gpus] == ["NVIDIA GeForce RTX 4090", V100[4:24]]
    assert "nvmlDeviceGetMemoryInfo_v2 of GPU 1" in machine.verdicts[0].evidence[0]
    assert "gpus[1].memory_free_bytes" in {u.field for u in machine.unknown}


def test_both_hang(nvml: Use, nvidia_smi: Use, tree: Tree) -> None:
    nvml("hang nvmlInit")
    nvidia_smi(hang=True)
    machine = look(tree(card=CARD), deadline=0.7)
    assert "nvml_hangs" in ids(machine)
    assert [g.compute_capability for g in machine.gpus] == ["8.9"]


def test_nvidia_smi_hangs(no_nvml: None, nvidia_smi: Use, tree: Tree) -> None:
    nvidia_smi(hang=True, deaf=False)
    machine = look(tree(card=CARD), deadline=0.7)
    assert "nvidia_smi_hangs" in ids(machine)


def test_a_child_that_cannot_be_ended(
    nvml: Use, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopping it waits for ever, as for a process in an uninterruptible wait."""
    nvml("hang nvmlInit")
    released = threading.Event()
    real_stop = run.stop

    def never_ends(child: object) -> None:
        released.wait()
        real_stop(child)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "stop", never_ends)
    monkeypatch.setattr(probe, "_ENDING_SECONDS", 0.5)
    machine = look(tree({"proc/meminfo": "MemTotal: 1024 kB\n"}), deadline=0.7)
    released.set()
    assert "nvml_hangs" in ids(machine)
    assert ("gpus", "No answer in time.") in {(u.field, u.reason) for u in machine.unknown}
    assert machine.memory.total_bytes == 1 << 20


def test_a_crash_inside_nvml_ends_only_the_child(nvml: Use, tree: Tree) -> None:
    nvml("crash nvmlInit")
    machine = look(tree())
    assert ids(machine) == ["nvml_error"]
    assert machine.verdicts[0].evidence[0] == "exit status -11"


def test_nvidia_smi_where_nvml_cannot_be_loaded(no_nvml: None, nvidia_smi: Use, tree: Tree) -> None:
    nvidia_smi({
        "": (TABLE, 0),
        "--query-gpu": ('Field "compute_cap" is not a valid field to query.\n', 2),
        "-L": ("GPU 0: Tesla T4 (UUID: GPU-abc)\n", 0),
    })  # fmt: skip
    machine = look(tree(card=("0000:01:00.0", "0x10de", "0x1eb8", "nvidia")))
    gpu = machine.gpus[0]
    assert len(machine.gpus) == 1
    assert (gpu.uuid, gpu.compute_capability) == ("GPU-abc", "7.5")
    assert gpu.memory_free_bytes == (15360 - 109) * MIB
    assert (machine.driver.version, machine.driver.cuda) == ("535.183.01", "12.2")
    assert machine.driver.source == "nvidia-smi"
    assert machine.verdicts == ()
    assert gpu.usable


@pytest.mark.parametrize("code", [0, 4, 6, 8, 9, 12, 13, 14, 15, 18, 255])
def test_the_words_count_whatever_the_exit_status(
    no_nvml: None, nvidia_smi: Use, tree: Tree, code: int
) -> None:
    text = "Failed to initialize NVML: Driver/library version mismatch\n"
    nvidia_smi({"": (text, code)})
    assert "driver_library_mismatch" in ids(look(tree(card=CARD)))


@pytest.mark.parametrize(
    ("code", "verdict"),
    [(4, "permission_denied"), (6, "no_devices"), (8, "gpu_power"), (9, "driver_not_loaded"),
     (12, "nvml_missing"), (13, "nvml_too_old"), (15, "gpu_lost"),
     (18, "driver_library_mismatch"), (255, "nvml_unknown_error")],
)  # fmt: skip
def test_the_exit_status_counts_where_there_are_no_words(
    no_nvml: None, nvidia_smi: Use, tree: Tree, code: int, verdict: str
) -> None:
    nvidia_smi({"": ("something new\n", code)})
    assert verdict in ids(look(tree(card=CARD)))


@pytest.mark.parametrize(
    ("driver", "verdict"),
    [("nouveau", "nouveau_bound"), ("vfio-pci", "vfio_bound"), ("", "driver_missing")],
)
def test_who_holds_the_card(no_nvml: None, tree: Tree, driver: str, verdict: str) -> None:
    root = tree(card=("0000:01:00.0", "0x10de", "0x1b06", driver))
    machine = look(root)
    assert ids(machine) == [verdict]
    assert [(g.compute_capability, g.usable) for g in machine.gpus] == [("6.1", False)]


def test_other_makers_are_recognised(no_nvml: None, tree: Tree) -> None:
    root = tree(
        amd=("0000:03:00.0", "0x1002", "0x744c", "amdgpu"),
        intel=("0000:00:02.0", "0x8086", "0x9a49", "i915"),
    )
    machine = look(root)
    assert {(g.vendor, g.usable) for g in machine.gpus} == {("amd", False), ("intel", False)}
    assert machine.verdicts == ()


def test_no_gpu_is_no_failure(no_nvml: None, tree: Tree) -> None:
    machine = look(tree())
    assert machine.gpus == ()
    assert machine.verdicts == ()
    assert {"gpus", "driver.version", "driver.cuda"} <= {u.field for u in machine.unknown}


def test_a_container_is_not_shown_its_hosts_cards(nvml: Use, tree: Tree) -> None:
    nvml("cuda 12080", R4090)
    root = tree(
        {".dockerenv": ""},
        own=CARD,
        other=("0000:02:00.0", "0x10de", "0x2684", "nvidia"),
    )
    machine = look(root)
    assert machine.system.container == "docker"
    assert [g.pci_bus_id for g in machine.gpus] == ["00000000:01:00.0"]
    assert machine.gpus[0].kernel_driver == "nvidia"


def test_a_jetson_without_nvml(no_nvml: None, tree: Tree) -> None:
    root = tree({
        "etc/nv_tegra_release": "# R36 (release), REVISION: 4.0, GCID: 37537400, BOARD: generic\n",
        "proc/device-tree/model": "NVIDIA Jetson AGX Orin Developer Kit\0",
        "proc/meminfo": "MemTotal: 62914560 kB\nMemAvailable: 52428800 kB\n",
    })  # fmt: skip
    machine = look(root)
    assert machine.system.jetson == "R36.4.0"
    assert machine.driver.cuda == "12.6"
    gpu = machine.gpus[0]
    assert (gpu.name, gpu.compute_capability) == ("NVIDIA Jetson AGX Orin", "8.7")
    assert gpu.unified_memory
    assert gpu.usable
    assert gpu.memory_free_bytes == 50 << 30


def test_a_blocked_wsl(nvml: Use, tree: Tree) -> None:
    nvml("init 17")
    machine = look(tree({"proc/sys/kernel/osrelease": "5.15.153.1-microsoft-standard-WSL2\n"}))
    assert machine.system.wsl
    assert ids(machine) == ["blocked_by_os"]
    assert "WSL" in machine.verdicts[0].sentence


def _usable(machine: Machine) -> list[bool]:
    return [g.usable for g in machine.gpus]


@pytest.mark.parametrize(
    ("value", "usable"),
    [
        ("0", [True, False]),
        ("1,0", [True, True]),
        ("", [False, False]),
        ("-1", [False, False]),
        ("0,-1,1", [True, False]),
        ("GPU-00000001", [False, True]),
        ("7", [False, False]),
    ],
)
def test_cuda_visible_devices(
    nvml: Use, tree: Tree, monkeypatch: pytest.MonkeyPatch, value: str, usable: list[bool]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", value)
    nvml("cuda 12080", R4090, R4090)
    machine = look(tree())
    assert _usable(machine) == usable
    assert machine.visible_devices == value


def test_numbers_of_different_cards_are_not_guessed(
    nvml: Use, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml("cuda 12080", V100, R4090)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    machine = look(tree())
    assert _usable(machine) == [True, True]
    assert "visible_devices" in {u.field for u in machine.unknown}
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    assert _usable(look(tree())) == [True, False]


@pytest.mark.parametrize("name", ["system", "memory"])
def test_a_part_that_fails_is_named(
    nvml: Use, tree: Tree, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def broken(root: Path) -> object:
        raise RuntimeError("broken")

    monkeypatch.setattr(host, name, broken)
    nvml("cuda 12080", R4090)
    machine = look(tree())
    assert name in {u.field for u in machine.unknown}
    assert machine.gpus


def test_the_probe_does_not_raise_at_the_end_either(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_more: object) -> object:
        raise RuntimeError("broken")

    monkeypatch.setattr(probe, "_machine", broken)
    assert [u.field for u in look(tree()).unknown] == ["machine"]


def test_the_child_imports_next_to_nothing() -> None:
    """It starts with -I -S: only the standard library and pynvml's one file are there."""
    text = Path(nvml_child.__file__).read_text()
    assert "setup_assistant" not in text
