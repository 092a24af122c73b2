"""`recipes/gpus.toml`: compute capability and nominal memory of a GPU by its name."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from setup_assistant.catalog.folder import Sourced, read
from setup_assistant.units_text import GIB

# ECC and reserved regions make the reported size smaller than the nominal one.
_LEAST, _MOST = 0.85, 1.04
GENERATIONS = ("ada", "blackwell", "hopper", "rubin")
# Without any of these there is nothing to take out of a name (four times as quick).
_NOTES = ("(", "\u00ae", "\u2122", " mig ", "nvidia", "graphics", "max-q", "mobile")
# A share of a card in a virtual machine: "GRID T4-16Q", "GRID A100D-20C", "NVIDIA RTX6000-Ada-48Q".
# Source: NVIDIA Virtual GPU Software User Guide, "Virtual GPU Types for Supported GPUs".
_SHARE = re.compile(r"(?:grid )?(rtx ?a?\d+|[a-z]+\d+)[a-z]*?(-ada)?-(?:\d-)?(\d+)[abcq](?:me)?$")
# Parts without memory of their own: Tegra X1, X2, Xavier, Orin, Thor and GB10.
UNIFIED = frozenset({"5.3", "6.2", "7.2", "8.7", "11.0", "12.1"})
# Those and others that sit on an Arm processor, alone among NVIDIA's.
_ON_ARM = re.compile(
    r"\b(?:GB10|GB[23]00|GH200|Orin|Xavier|Thor|Tegra|Jetson|Spark|Grace|DIGITS|GX10|PGX)\b|"
    r"jetson|orin",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Chip:
    """A range of PCI device numbers (hexadecimal, both ends included) of one chip."""

    first: str
    last: str
    compute_capability: str


@dataclass(frozen=True, kw_only=True)
class GpuFile(Sourced):
    """The whole recipe: capability → name → GiB, what a name is called, chips by PCI number."""

    ambiguous: tuple[str, ...]
    compute_capability: dict[str, dict[str, float]]
    called: dict[str, str]
    chip: tuple[Chip, ...]
    bandwidth: dict[str, float]
    bandwidth_source: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the table says of one name: capability such as "8.6"; memory in bytes, or None."""

    compute_capability: str | None
    memory_bytes: int | None


@dataclass(frozen=True)
class Row:
    """One name of the table, `key` as it is compared; the capability is None where ambiguous."""

    name: str
    key: str
    compute_capability: str | None
    gib: float


load = functools.cache(functools.partial(read, "gpus.toml", GpuFile))


class Table:
    """The recipe as names are looked up in it; nothing is read from a file any more."""

    def __init__(self, file: GpuFile) -> None:
        """Keep the names, and those that begin with one word together."""
        found = [
            Row(name, plain(name), capability, gib)
            for capability, names in file.compute_capability.items()
            for name, gib in names.items()
        ]
        found += [Row(name, plain(name), None, 0) for name in file.ambiguous]
        by_name = {row.name: row for row in found}
        found += [
            replace(by_name[name], name=word, key=plain(word))
            for word, name in file.called.items()
            if name in by_name
        ]
        self.rows = tuple(found)
        self._called = {plain(word): plain(name) for word, name in file.called.items()}
        self._bandwidth = {plain(name): rate for name, rate in file.bandwidth.items()}
        self._by_first_word: dict[str, list[Row]] = {}
        for row in found:
            self._by_first_word.setdefault(_first_word(row.key), []).append(row)

    def lookup(self, name: str, memory_bytes: int | None = None) -> Known:
        """Return what is known of a GPU by name; never a guess.

        A cut name counts only as far as every card it may stand for agrees; `memory_bytes`,
        where known, narrows that choice.
        """
        if is_cut(name):
            fitting = list(self._candidates(plain(name.rstrip().rstrip(".")), memory_bytes))
        elif share := _SHARE.match(plain(name)):
            return self._of_share(share)
        else:
            row = self._longest(plain(name))
            fitting = [row] if row else []
        capabilities = {r.compute_capability for r in fitting}
        sizes = {r.gib for r in fitting}
        return Known(
            compute_capability=capabilities.pop() if len(capabilities) == 1 else None,
            memory_bytes=(int(sizes.pop() * GIB) if len(sizes) == 1 else 0) or _told(name),
        )

    def bandwidth(self, name: str) -> float | None:
        """Return the memory bandwidth of a GPU in GB/s, None where it is not known."""
        wanted = self._called.get(plain(name), plain(name))
        fitting = [key for key in self._bandwidth if goes_on(wanted, key)]
        return self._bandwidth[max(fitting, key=len)] if fitting else None

    def _of_share(self, share: re.Match[str]) -> Known:
        """Return what is known of a virtual GPU: its card's capability, and its own memory."""
        card, ada, gib = share[1], share[2], int(share[3])
        if card.startswith("rtx"):
            number = card.removeprefix("rtx").strip()
            words = [f"rtx {number}" if number[0] == "a" else f"quadro rtx {number}"]
            words = [f"rtx {number} ada generation"] if ada else words
        else:
            words = [card, f"tesla {card}"]
        found = {row.compute_capability for w in words if (row := self._longest(w))}
        return Known(
            compute_capability=found.pop() if len(found) == 1 else None, memory_bytes=gib * GIB
        )

    def _longest(self, wanted: str) -> Row | None:
        near = self._by_first_word.get(_first_word(wanted), ())
        fitting = [r for r in near if goes_on(wanted, r.key)]
        return max(fitting, key=lambda r: len(r.key), default=None)

    def _candidates(self, start: str, memory_bytes: int | None) -> Iterable[Row]:
        fitting = [r for r in self.rows if r.key.startswith(start)]
        if not fitting:
            row = self._longest(start)
            fitting = [row] if row else []
        if memory_bytes is None:
            return fitting
        return [r for r in fitting if not r.gib or _LEAST <= memory_bytes / (r.gib * GIB) <= _MOST]


@functools.cache
def table() -> Table:
    """Return the recipe to look names up in."""
    return Table(load())


def rows() -> tuple[Row, ...]:
    """Return every name of the table."""
    return table().rows


def _told(name: str) -> int | None:
    """Return the memory that a name itself tells, as "A800-SXM4-80GB" does."""
    found = re.search(r"(?<![\w.])(\d{1,3}) ?GB\b", name)
    return int(found[1]) * GIB if found else None


def _first_word(key: str) -> str:
    return re.split("[ -]", key, maxsplit=1)[0]


def plain(name: str) -> str:
    """Return a name as it is compared: lower case, without maker, slice and bracket notes."""
    lower = " ".join(name.lower().split())
    if not any(mark in lower for mark in _NOTES):
        return lower
    name = re.sub(r"\s+MIG\s+\S+$", "", name)
    name = re.sub(
        r"\((?:tm|r|nvgpu)\)|[\u00ae\u2122]|\bnvidia\b|\bgraphics\b", " ", name, flags=re.IGNORECASE
    )
    name = re.sub(r"\bwith max-q design\b", " ", name, flags=re.IGNORECASE)
    # As the list of PCI devices calls them: "GeForce RTX 4070 Max-Q / Mobile". One Max-Q is a card
    # for workstations.
    name = re.sub(
        r"(?<= )(?<!pro 6000 )(?:max-q|mobile)(?: / (?:max-q|mobile))?$", "laptop gpu", name,
        flags=re.IGNORECASE,
    )  # fmt: skip
    return " ".join(name.lower().split())


def on_arm(name: str) -> bool:
    """Whether a GPU, or the computer that it is called by, has an Arm processor beside it."""
    return _ON_ARM.search(name) is not None


def is_cut(name: str) -> bool:
    """Whether `nvidia-smi` cut the name short, as in "NVIDIA GeForce RTX 2080 ..."."""
    return name.rstrip().endswith("...")


def lookup(name: str, memory_bytes: int | None = None) -> Known:
    """Return what the recipe knows of a GPU by name, see `Table.lookup`."""
    return table().lookup(name, memory_bytes)


def of_pci(device: str) -> str | None:
    """Return the compute capability of a PCI device number such as "1EB8" or "0x1EB810DE"."""
    digits = device.lower().removeprefix("0x")[:4]
    try:
        number = int(digits, 16)
    except ValueError:
        return None
    for chip in load().chip:
        if int(chip.first, 16) <= number <= int(chip.last, 16):
            return chip.compute_capability
    return None


def goes_on(wanted: str, key: str) -> bool:
    """Whether `wanted` is `key`, or goes on after it with a size or a form, not a generation."""
    if wanted == key:
        return True
    if not wanted.startswith((key + " ", key + "-")):
        return False
    rest = wanted[len(key) :].split()
    return not any(g in rest for g in GENERATIONS)
