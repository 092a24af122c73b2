"""GPUs as people write them are known, or the names that may be meant are told."""

from __future__ import annotations

import pytest

from setup_assistant.catalog import gpu_words
from setup_assistant.catalog.gpus import rows

GIB = 1 << 30
SPOKEN = {
    "RTX4090": ("8.9", 24), "rtx_4090": ("8.9", 24), "RTX-3090": ("8.6", 24), "5090": ("12.0", 32),
    "3060ti": ("8.6", 8), "GTX1080Ti": ("6.1", 11), "2080super": ("7.5", 8),
    "GTX 1660S": ("7.5", 6),
    "RTX 4070TiSuper": ("8.9", 16), "RTX4090D": ("8.9", 24), "RTX 5090 D": ("12.0", 32),
    "4090 laptop": ("8.9", 16), "RTX 3080Ti Laptop": ("8.6", 16), "RTX 4090 mobile": ("8.9", 16),
    "RTX6000 Ada": ("8.9", 48), "6000 Ada": ("8.9", 48), "rtx 3500 ada laptop": ("8.9", 12),
    "RTX PRO 6000": ("12.0", 96), "rtx pro 6000 max-q": ("12.0", 96), "A100 80GB": ("8.0", 80),
    "A100-SXM4-80GB": ("8.0", 80), "RTX 5060Ti 16GB": ("12.0", 16), "V100S": ("7.0", 32),
    "Tesla V100-PCIE-16GB": ("7.0", 16), "P106-100": ("6.1", 6), "CMP 170HX": ("8.0", 8),
    "MX 450": ("7.5", 2), "DGX Spark": ("12.1", None), "H20": ("9.0", None), "T1000": ("7.5", None),
    "Titan X Pascal": ("6.1", 12), "GTX Titan X": ("5.2", 12), "titan v": ("7.0", 12),
    "Jetson AGX Orin 64GB": ("8.7", None), "Jetson Orin": ("8.7", None),
    "JetsonOrinNano": ("8.7", None), "jetson_xavier": ("7.2", None),
    "DRIVE AGX Thor": ("11.0", None),
    "NVIDIA Tegra Orin (nvgpu)": ("8.7", None), "GB10 Grace Blackwell Superchip": ("12.1", None),
    "GTX 1070M": ("6.1", 8), "3060m": ("8.6", 6), "RTX 3060 移动版": ("8.6", 6),
    "RTX4070笔记本电脑": ("8.9", 8), "MX-350": ("6.1", 2), "2080 Max-Q": ("7.5", 8),
}  # fmt: skip
# Two generations, or none: never a guess.
MEANT = {
    "RTX 6000": ("RTX 6000 Ada Generation", "Quadro RTX 6000"),
    "TITAN X": ("TITAN X (Pascal)", "GeForce GTX TITAN X"),
    "GTX 4090": ("GeForce RTX 4090",),
    "GT730": ("GeForce GT 730",),
    "foo": (),
    "4": (),
}


@pytest.mark.parametrize("name", SPOKEN)
def test_what_people_write_is_known(name: str) -> None:
    known = gpu_words.spoken(name)
    part, gib = SPOKEN[name]
    assert known.compute_capability == part
    assert known.memory_bytes == (gib and gib * GIB)


@pytest.mark.parametrize("name", MEANT)
def test_what_is_not_plain_is_told_by_names(name: str) -> None:
    assert gpu_words.spoken(name).compute_capability is None
    assert gpu_words.near(name) == MEANT[name]


def test_every_name_of_the_table_is_known_by_itself() -> None:
    for row in rows():
        assert gpu_words.spoken(row.name).compute_capability == row.compute_capability, row.name
