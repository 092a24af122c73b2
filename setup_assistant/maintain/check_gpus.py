"""The rules of `gpus.toml` and `drivers.toml`: known capabilities, and order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from setup_assistant.catalog.drivers import Drivers
from setup_assistant.catalog.gpus import GpuFile, plain
from setup_assistant.maintain.fault import Fault, repeated, unordered

GPUS, DRIVERS = "gpus.toml", "drivers.toml"


def driver_faults(file: Drivers) -> list[Fault]:
    """Return what is wrong: a newer branch never reports an older CUDA."""
    rows = file.branch
    return [
        *unordered(DRIVERS, "branch.branch", [str(r.branch) for r in rows]),
        *unordered(DRIVERS, "branch.cuda", [r.cuda for r in rows], equal=True),
        *unordered(DRIVERS, "tegra.release", [r.release.removeprefix("R") for r in file.tegra]),
        *unordered(DRIVERS, "tegra.cuda", [r.cuda for r in file.tegra], equal=True),
    ]


def gpu_faults(file: GpuFile) -> list[Fault]:
    """Return what is wrong: a name stands for one capability, a PCI number for one chip."""
    names = [plain(name) for rows in file.compute_capability.values() for name in rows]
    names += [plain(name) for name in (*file.ambiguous, *file.called)]
    strange = [
        Fault(file=GPUS, key=f'called."{word}"', what="what it stands for is no name of this file")
        for word, name in file.called.items()
        if plain(name) not in names
    ]
    return [
        *repeated(GPUS, "compute_capability", names), *strange, *_capabilities(file), *_chips(file)
    ]  # fmt: skip


def _capabilities(file: GpuFile) -> Iterator[Fault]:
    for part, rows in file.compute_capability.items():
        key = f'compute_capability."{part}"'
        if not _is_part(part):
            yield Fault(file=GPUS, key=key, what="it is no compute capability such as 8.6")
        for name, gib in rows.items():
            if gib < 0 or gib != gib:  # noqa: PLR0124 - not a number is not itself
                yield Fault(file=GPUS, key=f'{key}."{name}"', what="its size is not known as 0")


def _chips(file: GpuFile) -> Iterator[Fault]:
    spans = []
    for chip in file.chip:
        key = f"chip({chip.first})"
        try:
            first, last = int(chip.first, 16), int(chip.last, 16)
        except ValueError:
            yield Fault(file=GPUS, key=key, what="its ends are no hexadecimal numbers")
            continue
        if first > last or not _is_part(chip.compute_capability):
            yield Fault(file=GPUS, key=key, what="its range or its capability is wrong")
        spans.append((first, last, key))
    for one, two in pairwise(sorted(spans)):
        if two[0] <= one[1]:
            yield Fault(file=GPUS, key=two[2], what=f"it overlaps {one[2]}")


def _is_part(text: str) -> bool:
    return re.fullmatch(r"\d{1,2}\.\d", text) is not None
