"""`python -m tests.cli.fixed …`: the assistant on a machine that is the same everywhere.

Only what the probe would find is replaced; questions, plan and screens are the real ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

from setup_assistant.machine import disks, probe
from setup_assistant.machine.facts import Disk, Machine
from tests.choose.described import described

CARDS = ("NVIDIA GeForce RTX 4090,8.9,24564,23900", "NVIDIA GeForce RTX 4090,8.9,24564,23900")


def machine(**_options: object) -> Machine:
    """Return two cards under a driver of CUDA 12.2."""
    return described("535.104.05", *CARDS, ram_gib=64, python="3.11", glibc="2.36")


def room(site: Path | None = None) -> tuple[Disk, ...]:
    """Return disks with room."""
    return (Disk(role="site", path=str(site), total_bytes=10**12, free_bytes=9 * 10**11),)


if __name__ == "__main__":
    probe.probe = machine  # type: ignore[assignment]
    disks.read = room  # type: ignore[assignment]
    from setup_assistant.cli.app import main

    main(sys.argv[1:])
