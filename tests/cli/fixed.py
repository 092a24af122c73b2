"""`python -m tests.cli.fixed …`: the assistant on a machine that is the same everywhere.

Only what the probe would find is replaced; questions, plan and screens are the real ones.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from setup_assistant.machine import disks, probe, sources
from setup_assistant.machine.facts import Disk, Machine, Process
from tests.choose.described import described

# What FIXED names: cards, and the driver.
OTHERS = {
    "4090": ("580.95.05", ("NVIDIA GeForce RTX 4090,8.9,24564,23900",)),
    "full": ("580.95.05", ("NVIDIA GeForce RTX 4090,8.9,24564,300",)),
    "old": ("440.33.01", ("NVIDIA GeForce RTX 2080 Ti,7.5,11264,10900",)),
    "none": (None, ()),
}
CARDS = ("NVIDIA GeForce RTX 4090,8.9,24564,23900", "NVIDIA GeForce RTX 4090,8.9,24564,23900")


def machine(**_options: object) -> Machine:
    """Return the machine that FIXED names; else two cards under a driver of CUDA 12.2."""
    driver, cards = OTHERS.get(os.environ.get("FIXED", ""), ("535.104.05", CARDS))
    if os.environ.get("FIXED") == "full" and Path(os.environ["HOME"], "closed").exists():
        cards = OTHERS["4090"][1]
    found = described(driver, *cards, ram_gib=64, python="3.11", glibc="2.36")
    if cards != OTHERS["full"][1]:
        return found
    holds = (Process(pid=4242, name="python", memory_bytes=21 << 30),)
    return replace(found, gpus=tuple(replace(g, processes=holds) for g in found.gpus))


def room(site: Path | None = None) -> tuple[Disk, ...]:
    """Return disks with room."""
    return (Disk(role="site", path=str(site), total_bytes=10**12, free_bytes=9 * 10**11),)


if __name__ == "__main__":
    probe.probe = machine  # type: ignore[assignment]
    disks.read = room  # type: ignore[assignment]
    sources.read = lambda *_, **__: ()
    from setup_assistant.cli.app import main

    main(sys.argv[1:])
