"""What the kernel says of cards that it refuses, and of those that the free driver holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from setup_assistant.machine import kernel_log
from setup_assistant.machine.reading import Reading
from tests.recorded import compare

KEPT = Path(__file__).with_name("recorded_kernel_logs.txt")


def told(found: Reading) -> str:
    cards = ({k: v for k, v in asdict(card).items() if v is not None} for card in found.cards)
    return "\n".join(json.dumps(card) for card in cards)


def refused(bus: str, device: str, *why: str) -> str:
    told = f"NVRM: The NVIDIA GPU {bus} (PCI ID: 10de:{device})\n"
    return told + "".join(f"NVRM: {line}\n" for line in why)


FAILED = "NVRM: GPU 0000:{}:00.0: RmInitAdapter failed! (0x22:0x56:742)\n"
OPEN = ("installed in this system requires use of the NVIDIA open kernel modules.",)
CLOSED = ("installed in this system is not supported by open", "nvidia.ko because it is old")
OLD = ("installed in this system is supported through the NVIDIA 470.xx Legacy drivers.",)
NOT_BY = ("installed in this system is not supported by the", "NVIDIA 535.104.05 driver release.")
LOGS = {
    "open modules": refused("0000:02:00.0", "2c31", *OPEN),
    "closed modules": refused("0000:02:00.0", "1EB8", *CLOSED),
    "left behind": refused("0000:02:00.0", "1180", *OLD),
    "too new": refused("0000:02:00.0", "2c31", *NOT_BY),
    "too old for the newest": refused("0000:02:00.0", "15f7", *NOT_BY),
    "of an unknown card": refused("0000:02:00.0", "ffff", *NOT_BY),
    "for no known reason": refused("0000:02:00.0", "2c31", "is odd"),
    "a long reason": refused("0000:02:00.0", "2c31", OPEN[0], "x" * 300),
    "the newest driver's words": "The NVIDIA Tesla K40m GPU installed in this system is "
    "supported through the NVIDIA 470.xx Legacy drivers.\n",
    "two that do not start": FAILED.format("41") + FAILED.format("01") + FAILED.format("41"),
    "refused, and it does not start": FAILED.format("02") + refused("0000:02:00.0", "2c31", *OPEN),
    "two refused for their own reasons": refused("0000:02:00.0", "2c31", *OPEN)
    + refused("0000:81:00.0", "1180", *OLD)
    + FAILED.format("c1"),
    "the reasons of others are not its own": refused("0000:02:00.0", "2c31", *NOT_BY)
    + refused("0000:81:00.0", "2c31", *OPEN),
    "nothing": "usb 1-1: new high-speed USB device\n",
}


@pytest.mark.parametrize("name", LOGS)
def test_refusals_are_read_as_they_were_recorded(name: str) -> None:
    found = kernel_log.read_refusals(LOGS[name])
    assert found.source == "kernel"
    compare(KEPT, {name: told(found)})


NOUVEAU = (
    "nouveau 0000:01:00.0: NVIDIA GP107 (137000a1)\n"
    "nouveau 0000:01:00.0: drm: VRAM: 4096 MiB\n"
    "nouveau 0000:02:00.0: NVIDIA TU104 (164000a1)\n"
    "nouveau 0000:03:00.0: drm: VRAM: 8192 MiB\n"
    "nouveau 0000:04:00.0: NVIDIA GA102 (b72000a1)\n"
    "nouveau 0000:04:00.0: DRM: VRAM: 24576 MiB\n"
)


def test_cards_of_the_free_driver_are_read_as_they_were_recorded() -> None:
    found = kernel_log.read_nouveau(NOUVEAU)
    assert found.source == "pci"
    compare(KEPT, {"the free driver": told(found)})
    assert kernel_log.read_nouveau("nothing").cards == ()


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19", "535.104.05"),
        ("NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release",
         "580.95.05"),
        ("nvidia-modeset: Loading NVIDIA UNIX Kernel Mode Setting Driver for x86  580.95.05  R",
         "580.95.05"),
        ("NVRM: NVIDIA 470.223.02 driver release.", "470.223.02"),
        ("NVRM: API mismatch: this kernel module version 550.54.15.", "550.54.15"),
        ("NVRM:  The 580.65.06 NVIDIA driver will ignore", "580.65.06"),
        ("NVRM: loading something else 580.95.05", None),
    ],
)  # fmt: skip
def test_the_version_of_the_module(line: str, version: str | None) -> None:
    found = kernel_log.read_module(f"[    5.1] {line}\n")
    assert (found.source, found.driver, found.kernel_module) == ("kernel", version, version)
