"""The tables of GPUs and drivers: what they say, and that they never guess."""

from __future__ import annotations

from itertools import pairwise

import pytest

from setup_assistant.catalog import drivers, gpus

GIB = 1 << 30
# Name as nvidia-smi prints it → capability, from NVIDIA's page of CUDA GPUs.
NAMES = {
    "Tesla K80": "3.7",
    "Tesla K40m": "3.5",
    "GeForce GTX 680": "3.0",
    "GeForce GTX 750 Ti": "5.0",
    "NVIDIA GeForce GTX 980 Ti": "5.2",
    "GeForce GTX TITAN X": "5.2",
    "TITAN X (Pascal)": "6.1",
    "TITAN Xp COLLECTORS EDITION": "6.1",
    "Tesla P100-SXM2-16GB": "6.0",
    "Tesla P40": "6.1",
    "NVIDIA GeForce GTX 1060 6GB": "6.1",
    "Tesla V100-SXM2-32GB": "7.0",
    "NVIDIA TITAN V": "7.0",
    "NVIDIA TITAN RTX": "7.5",
    "Quadro RTX 6000": "7.5",
    "Quadro RTX 5000 with Max-Q Design": "7.5",
    "Tesla T4": "7.5",
    "NVIDIA T400 4GB": "7.5",
    "NVIDIA GeForce GTX 1650": "7.5",
    "NVIDIA A100 80GB PCIe": "8.0",
    "NVIDIA A100-SXM4-40GB MIG 1g.5gb": "8.0",
    "NVIDIA A30": "8.0",
    "NVIDIA A10G": "8.6",
    "NVIDIA RTX A6000": "8.6",
    "NVIDIA GeForce RTX 3060 Laptop GPU": "8.6",
    "Orin (nvgpu)": "8.7",
    "NVIDIA Jetson Orin Nano": "8.7",
    "NVIDIA L4": "8.9",
    "NVIDIA L40S": "8.9",
    "NVIDIA RTX 6000 Ada Generation": "8.9",
    "NVIDIA RTX 4000 SFF Ada Generation": "8.9",
    "NVIDIA GeForce RTX 4070 Ti SUPER": "8.9",
    "NVIDIA H100 NVL": "9.0",
    "NVIDIA H200": "9.0",
    "NVIDIA H20": "9.0",
    "NVIDIA GH200 480GB": "9.0",
    "NVIDIA B200": "10.0",
    "NVIDIA GB200": "10.0",
    "NVIDIA B300 SXM6 AC": "10.3",
    "NVIDIA GB300": "10.3",
    "NVIDIA Thor": "11.0",
    "NVIDIA GeForce RTX 5090": "12.0",
    "NVIDIA GeForce RTX 5070 Ti Laptop GPU": "12.0",
    "NVIDIA RTX PRO 6000 Blackwell Workstation Edition": "12.0",
    "NVIDIA GB10": "12.1",
    # Two chips that their neighbours' names would mislead about (PCI ID Repository: GM108, AD107).
    "NVIDIA GeForce MX110": "5.0",
    "NVIDIA GeForce RTX 3050 A Laptop GPU": "8.9",
    # Shares of a card in a virtual machine.
    "GRID T4-16Q": "7.5",
    "GRID A100D-20C": "8.0",
    "GRID V100D-8C": "7.0",
    "GRID M60-8Q": "5.2",
    "GRID RTX8000P-12Q": "7.5",
    "NVIDIA RTX6000-Ada-48Q": "8.9",
    "NVIDIA RTXA6000-48Q": "8.6",
    "NVIDIA L40S-12Q": "8.9",
    "NVIDIA A100-1-5C": "8.0",
    "GRID K520": "3.0",
}

# PCI device number → capability, by the chip that the PCI ID Repository names for it.
NUMBERS = {
    "1023": "3.5",  # Tesla K40m, GK110
    "102D": "3.7",  # Tesla K80, GK210
    "1287": "3.5",  # GeForce GT 730, GK208
    "1617": "5.2",  # GeForce GTX 980M, GM204
    "174E": "5.0",  # GeForce MX110, GM108
    "1D01": "6.1",  # GeForce GT 1030, GP108
    "20B2": "8.0",  # A100 SXM4 80 GB, GA100
    "2330": "9.0",  # H100 SXM5, GH100
    "28E3": "8.9",  # GeForce RTX 3050 A Laptop GPU, AD107
    "29BC": "10.0",  # B100, GB102
    "3182": "10.3",  # B300, GB110
    "2B85": "12.0",  # GeForce RTX 5090, GB202
}


@pytest.mark.parametrize("number", NUMBERS)
def test_a_pci_number_tells_the_capability(number: str) -> None:
    assert gpus.of_pci(f"0x{number}10DE") == NUMBERS[number]


@pytest.mark.parametrize(
    ("name", "gib"), [("GRID T4-8Q", 8), ("NVIDIA A100-1-5C", 5), ("NVIDIA A40-48Q", 48)]
)
def test_a_share_has_its_own_memory(name: str, gib: int) -> None:
    assert gpus.lookup(name).memory_bytes == gib * GIB


@pytest.mark.parametrize(("name", "capability"), NAMES.items())
def test_names(name: str, capability: str) -> None:
    assert gpus.lookup(name).compute_capability == capability


@pytest.mark.parametrize(
    "name",
    [
        "GeForce GT 730",  # Fermi or Kepler
        "NVIDIA GeForce GTX 860M",  # Kepler or Maxwell
        "NVIDIA GeForce ...",
        "NVIDIA GeForce GTX 1...",  # Pascal or Turing
        "NVIDIA GeForce RTX",
        "NVIDIA GeForce RTX 6090",
        "NVIDIA L4000",
        "NVIDIA A1000000",
        "Graphics Device",
        "",
    ],
)
def test_what_is_not_certain_is_not_said(name: str) -> None:
    assert gpus.lookup(name).compute_capability is None


def test_memory_narrows_a_cut_name() -> None:
    # 11 GiB: only the GTX 1080 Ti among all GTX 1...
    assert gpus.lookup("NVIDIA GeForce GTX 1...", 11264 << 20).compute_capability == "6.1"
    assert gpus.lookup("NVIDIA GeForce ...", 23028 << 20).compute_capability is None


def test_memory_by_name_only_where_there_is_one_size() -> None:
    assert gpus.lookup("NVIDIA GeForce RTX 3090").memory_bytes == 24 * GIB
    assert gpus.lookup("NVIDIA GeForce RTX 3060").memory_bytes is None


@pytest.mark.parametrize(
    ("device", "capability"),
    [("1B06", "6.1"), ("0x1DB410DE", "7.0"), ("1eb8", "7.5"), ("20B0", "8.0"), ("2204", "8.6"),
     ("2684", "8.9"), ("2330", "9.0"), ("2901", "10.0"), ("2B85", "12.0"), ("2E12", "12.1"),
     ("FFFF", None), ("", None), ("zzzz", None)],
)  # fmt: skip
def test_pci_numbers(device: str, capability: str | None) -> None:
    assert gpus.of_pci(device) == capability


def test_chips_do_not_overlap_and_know_no_other_capability() -> None:
    ranges = sorted((int(c.first, 16), int(c.last, 16)) for c in gpus.load().chip)
    assert all(a[1] < b[0] for a, b in pairwise(ranges))
    assert {c.compute_capability for c in gpus.load().chip} <= set(gpus.load().compute_capability)


def test_every_name_stands_once() -> None:
    names = [gpus.plain(n) for group in gpus.load().compute_capability.values() for n in group]
    names += [gpus.plain(n) for n in gpus.load().ambiguous]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize(
    ("driver", "cuda"),
    [("384.111", "9.0"), ("390.48", "9.1"), ("450.80.02", "11.0"), ("470.86", "11.4"),
     ("526.98", "12.0"), ("535.104.05", "12.2"), ("536.40", "12.2"), ("537.13", "12.2"),
     ("566.36", "12.7"), ("580.65.06", "13.0"), ("591.86", "13.1"), ("610.62", "13.3"),
     ("617.14", "13.4"), ("304.137", None), ("x", None)],
)  # fmt: skip
def test_cuda_of_a_driver(driver: str, cuda: str | None) -> None:
    assert drivers.cuda_of_driver(driver) == cuda


@pytest.mark.parametrize(
    ("release", "cuda"),
    [("R32.7.1", "10.2"), ("R35.4.1", "11.4"), ("R36.3.0", "12.2"), ("R36.4.3", "12.6"),
     ("R38.2.0", "13.0"), ("R21.1", None)],
)  # fmt: skip
def test_cuda_of_a_jetson(release: str, cuda: str | None) -> None:
    assert drivers.cuda_of_tegra(release) == cuda


def test_newer_branches_never_have_an_older_cuda() -> None:
    rows = drivers.load().branch
    order = [tuple(map(int, row.cuda.split("."))) for row in sorted(rows, key=lambda r: r.branch)]
    assert order == sorted(order)
