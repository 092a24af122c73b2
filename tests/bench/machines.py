"""Plausible machines: driver, GPUs, platform, Python and C library, by a seed.

Written from the tables of NVIDIA and PyTorch, not from this project's recipes. A card meets
only drivers that drive it and were there when it came; its memory is what such a card shows.

    python -m tests.bench.machines [--count 510] [--seed 3]

prints what `plan` chooses for each, and what `tests.bench.oracle` holds against it.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """A GPU as it is sold. `first` and `last` are driver branches; 0: no end yet."""

    name: str
    part: str
    mib: int
    first: int
    last: int = 0


@dataclass(frozen=True)
class Box:
    """A whole machine."""

    driver: str
    cards: tuple[Card, ...]
    system: str
    arch: str
    python: str | None
    glibc: str | None

    @property
    def branch(self) -> int:
        """The number in front of the driver's version."""
        return int(self.driver.split(".")[0])


SERVER = (
    Card("Tesla K80", "3.7", 11441, 450, 470),
    Card("Tesla M40 24GB", "5.2", 22945, 450, 580),
    Card("Tesla M60", "5.2", 7680, 450, 580),
    Card("Tesla P100-PCIE-16GB", "6.0", 16280, 450, 580),
    Card("Tesla P40", "6.1", 22919, 450, 580),
    Card("Tesla P4", "6.1", 7611, 450, 580),
    Card("Tesla V100-SXM2-16GB", "7.0", 16160, 450, 580),
    Card("Tesla V100-PCIE-32GB", "7.0", 32510, 450, 580),
    Card("Tesla T4", "7.5", 15109, 450),
    Card("NVIDIA A100-SXM4-40GB", "8.0", 40536, 450),
    Card("NVIDIA A100 80GB PCIe", "8.0", 81920, 470),
    Card("NVIDIA A30", "8.0", 24576, 460),
    Card("NVIDIA A10", "8.6", 23028, 460),
    Card("NVIDIA A10G", "8.6", 23028, 470),
    Card("NVIDIA A40", "8.6", 46068, 455),
    Card("NVIDIA L4", "8.9", 23034, 525),
    Card("NVIDIA L40S", "8.9", 46068, 535),
    Card("NVIDIA H100 80GB HBM3", "9.0", 81559, 525),
    Card("NVIDIA H100 NVL", "9.0", 95830, 535),
    Card("NVIDIA H200", "9.0", 143771, 550),
    Card("NVIDIA B200", "10.0", 183359, 570),
    Card("NVIDIA B300 SXM6 AC", "10.3", 275040, 580),
    Card("NVIDIA RTX PRO 6000 Blackwell Server Edition", "12.0", 97887, 570),
    Card("NVIDIA A100-SXM4-80GB MIG 1g.10gb", "8.0", 9728, 470),
    Card("NVIDIA H100 80GB HBM3 MIG 3g.40gb", "9.0", 40320, 525),
)
DESKTOP = (
    Card("NVIDIA GeForce GTX 750 Ti", "5.0", 2048, 450, 580),
    Card("NVIDIA GeForce GTX 980 Ti", "5.2", 6144, 450, 580),
    Card("NVIDIA TITAN Xp", "6.1", 12288, 450, 580),
    Card("NVIDIA GeForce GTX 1080 Ti", "6.1", 11264, 450, 580),
    Card("NVIDIA GeForce GTX 1060 6GB", "6.1", 6144, 450, 580),
    Card("NVIDIA TITAN V", "7.0", 12288, 450, 580),
    Card("NVIDIA GeForce RTX 2080 Ti", "7.5", 11264, 450),
    Card("NVIDIA GeForce GTX 1660 SUPER", "7.5", 6144, 450),
    Card("Quadro RTX 8000", "7.5", 49152, 450),
    Card("NVIDIA GeForce RTX 3090", "8.6", 24576, 455),
    Card("NVIDIA GeForce RTX 3060", "8.6", 12288, 460),
    Card("NVIDIA RTX A6000", "8.6", 49140, 455),
    Card("NVIDIA GeForce RTX 4090", "8.9", 24564, 525),
    Card("NVIDIA GeForce RTX 4070", "8.9", 12282, 530),
    Card("NVIDIA RTX 6000 Ada Generation", "8.9", 49140, 525),
    Card("NVIDIA GeForce RTX 4060 Laptop GPU", "8.9", 8188, 525),
    Card("NVIDIA GeForce RTX 5090", "12.0", 32607, 570),
    Card("NVIDIA GeForce RTX 5070 Ti", "12.0", 16303, 570),
    Card("NVIDIA GeForce RTX 5060 Ti", "12.0", 16311, 575),
    Card("NVIDIA RTX PRO 4000 Blackwell", "12.0", 24467, 575),
)
ARM = (
    Card("NVIDIA A100 80GB PCIe", "8.0", 81920, 470),
    Card("NVIDIA GH200 480GB", "9.0", 97871, 535),
    Card("NVIDIA GB200", "10.0", 189471, 570),
    Card("NVIDIA GB300", "10.3", 284208, 580),
    Card("NVIDIA GB10", "12.1", 122000, 580),
    Card("NVIDIA Thor", "11.0", 125772, 580),
    Card("NVIDIA T4G", "7.5", 15360, 470),
)
LINUX = (
    "450.80.02", "450.248.02", "455.45.01", "460.32.03", "460.106.00", "465.31", "470.57.02",
    "470.82.01", "470.256.02", "495.46", "510.47.03", "510.108.03", "515.65.01", "515.105.01",
    "520.61.05", "525.60.13", "525.85.12", "525.147.05", "530.41.03", "535.54.03", "535.104.05",
    "535.183.01", "535.288.01", "545.23.08", "545.29.06", "550.54.15", "550.90.07", "550.163.01",
    "555.42.06", "555.58.02", "560.35.03", "560.35.05", "565.57.01", "565.77", "570.26",
    "570.124.06", "570.148.08", "570.211.01", "575.51.03", "575.57.08", "580.65.06", "580.95.05",
    "580.126.09", "590.44.01", "590.48.01", "595.45.04", "595.71.05", "610.43.02", "610.57.04",
    "615.71.09",
)  # fmt: skip
WINDOWS = (
    "452.39", "456.81", "461.33", "466.77", "472.50", "473.62", "496.49", "511.65", "516.94",
    "522.30", "526.98", "527.41", "528.33", "531.14", "536.67", "537.13", "537.58", "546.33",
    "551.61", "552.22", "556.12", "560.94", "561.17", "566.36", "572.61", "572.83", "576.02",
    "576.88", "580.88", "581.29", "581.80", "591.86", "595.97", "610.62", "616.92",
)  # fmt: skip
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14", None)
# Ubuntu 20.04, 22.04, 24.04; Debian 12; RHEL 8, 9; CentOS 7; not told.
GLIBCS = ("2.31", "2.35", "2.39", "2.36", "2.28", "2.34", "2.17", None)


def machines(count: int = 510, seed: int = 3) -> list[Box]:
    """Return different machines, always the same for one seed."""
    chance = random.Random(seed)
    found: dict[Box, None] = {}
    while len(found) < count:
        box = _machine(chance)
        if box is not None:
            found[box] = None
    return list(found)


def _machine(chance: random.Random) -> Box | None:
    kind = chance.choices(("server", "desktop", "windows", "arm"), (40, 30, 20, 10))[0]
    drivers = WINDOWS if kind == "windows" else LINUX
    driver = chance.choice(drivers)
    branch = int(driver.split(".")[0])
    shelf = {"server": SERVER, "desktop": DESKTOP, "windows": DESKTOP, "arm": ARM}[kind]
    fitting = [c for c in shelf if driven(c, branch)]
    if not fitting:
        return None
    cards = _cards(chance, kind, fitting)
    linux = kind != "windows"
    return Box(
        driver=driver,
        cards=cards,
        system="Linux" if linux else "Windows",
        arch="aarch64" if kind == "arm" else "x86_64",
        python=chance.choice(PYTHONS),
        glibc=chance.choice(GLIBCS) if linux else None,
    )


def driven(card: Card, branch: int) -> bool:
    """Whether a driver of this branch drives a card; Windows counts a branch up to the next."""
    return card.first <= branch and (not card.last or branch < card.last + 10)


def _cards(chance: random.Random, kind: str, fitting: list[Card]) -> tuple[Card, ...]:
    """One card mostly; servers have several of one kind, desktops also a mixture."""
    first = chance.choice(fitting)
    how = chance.random()
    if kind == "server" and how < 0.3:
        return (first,) * chance.choice((2, 4, 8))
    if kind in {"desktop", "windows", "server"} and how > 0.7:
        others = [c for c in fitting if "MIG" not in c.name] or fitting
        return (first, *chance.sample(others, min(len(others), chance.choice((1, 1, 2)))))
    return (first,)


def main() -> int:
    """Plan for each; print what was chosen, and every fault."""
    from tests.bench.oracle import faults
    from tests.bench.ours import choice

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=510)
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    wrong, chosen = 0, Counter[str]()
    for box in machines(given.count, given.seed):
        answer = choice(box)
        chosen[answer.pair] += 1
        for fault in faults(box, answer):
            wrong += 1
            cards = " + ".join(c.name for c in box.cards)
            sys.stdout.write(f"{box.driver} {box.system}-{box.arch} py{box.python} "
                             f"glibc {box.glibc} {cards}: {answer.pair}: {fault}\n")  # fmt: skip
    for pair, times in chosen.most_common():
        sys.stdout.write(f"{times:5} {pair}\n")
    sys.stdout.write(f"{given.count} machines, {wrong} faults\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
