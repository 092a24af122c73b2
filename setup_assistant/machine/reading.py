"""What one source of facts said: partial values that `join` puts together."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from setup_assistant.machine.facts import Process, Unknown
from setup_assistant.messages import msg
from setup_assistant.units_text import GIB, KIB, MIB

# What nvidia-smi prints where it has no value.
_NOTHING = re.compile(
    r"^\[?(?:n/?a|not (?:supported|found|available|active)|unknown error|err!|none|-+"
    r"|requested functionality has been deprecated|gpu is lost|gpu requires reset"
    r"|insufficient permissions|deprecated.*)\]?$",
    re.IGNORECASE,
)
_LOST = re.compile(r"gpu is lost|gpu requires reset|fallen off the bus", re.IGNORECASE)


_AMD = re.compile(r"\b(?:AMD|ATI|Radeon|Advanced Micro|Instinct|FirePro)\b", re.IGNORECASE)
_INTEL = re.compile(r"\bintel\b|\b(?:Arc|Iris|UHD)\b", re.IGNORECASE)
CUT = Unknown(field="gpus", reason=msg("The captured file breaks off in the middle.").english)


@dataclass(frozen=True, kw_only=True)
class Card:
    """A GPU, or one of its MIG slices, as one source saw it; None where it did not say.

    `trouble` is the source's own error text for this card, `trouble_id` its verdict where the
    text does not tell. `multiprocessors` is a slice's.
    """

    name: str | None = None
    index: int | None = None
    uuid: str | None = None
    pci_bus_id: str | None = None
    compute_capability: str | None = None
    total_bytes: int | None = None
    used_bytes: int | None = None
    reserved_bytes: int | None = None
    free_bytes: int | None = None
    mig: str | None = None
    display_active: bool | None = None
    driver_model: str | None = None
    pci_device_id: str | None = None
    compute_mode: str | None = None
    persistence: bool | None = None
    vendor: str | None = None
    kernel_driver: str | None = None
    trouble: str | None = None
    trouble_id: str | None = None
    multiprocessors: int | None = None
    processes: tuple[Process, ...] = ()
    slices: tuple[Card, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A failure that a source met: an id of the catalogue of causes, and the evidence."""

    id: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Everything one source said. `source` is nvml, nvidia-smi, kernel or pci.

    `library` is the version of NVML or nvidia-smi itself, which may differ from the driver's.
    `attached` is the number of GPUs the source claims, even where fewer are described.
    `cuda_missing` says that it looked for the CUDA library and found none.
    """

    source: str
    driver: str | None = None
    cuda: str | None = None
    library: str | None = None
    kernel_module: str | None = None
    attached: int | None = None
    cuda_missing: bool = False
    windows: bool = False
    cards: tuple[Card, ...] = ()
    faults: tuple[Fault, ...] = ()
    unknown: tuple[Unknown, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing at all was said."""
        return self == Reading(source=self.source)


def vendor(name: str) -> str | None:
    """Return whose card a name is, but NVIDIA's; None where it is not told."""
    kinds = (("amd", _AMD), ("intel", _INTEL))
    return next((maker for maker, words in kinds if words.search(name)), None)


def value(text: str | None) -> str | None:
    """Return `text`, or None where it is one of the ways to say nothing."""
    text = (text or "").strip()
    return None if not text or _NOTHING.match(text) else text


def lost(text: str | None) -> bool:
    """Whether `text` is what nvidia-smi prints for a card that no longer answers."""
    return bool(_LOST.search(text or ""))


def mib(text: str | None) -> int | None:
    """Return the bytes of "81559 MiB", "81559" or "2320MB" (old drivers); None for no size."""
    found = re.match(r"\s*(\d+)\s*(MiB|KiB|GiB|MB)?\s*$", text or "")
    if not found:
        return None
    unit = {"KiB": KIB, "GiB": GIB}.get(found[2] or "", MIB)
    return int(found[1]) * unit


def switch(text: str | None) -> bool | None:
    """Return the truth of On/Off, Enabled/Disabled, Yes/No."""
    known = {"on": True, "enabled": True, "yes": True, "off": False, "disabled": False, "no": False}
    return known.get((text or "").strip().lower())


def bus_id(text: str | None) -> str | None:
    """Return a PCI address as NVML writes it, "00000000:01:00.0"."""
    found = re.search(
        r"(?:([0-9A-Fa-f]{4,8}):)?([0-9A-Fa-f]{2}):([0-9A-Fa-f]{2})\.([0-7])", text or ""
    )
    if not found:
        return None
    domain = int(found[1] or "0", 16)
    return f"{domain:08X}:{found[2].upper()}:{found[3].upper()}.{found[4]}"


def device_id(text: str | None) -> str | None:
    """Return the PCI device number "1EB8" of "0x1EB810DE", "1EB810DE" or "0x1eb8"."""
    digits = (value(text) or "").lower().removeprefix("0x").upper()
    return digits[:4] if re.fullmatch(r"[0-9A-F]{4}(?:10DE)?", digits) else None


def with_free(card: Card) -> Card:
    """Fill the free memory from total, used and reserved where only those were said."""
    if card.free_bytes is None and card.total_bytes is not None and card.used_bytes is not None:
        kept = card.used_bytes + (card.reserved_bytes or 0)
        return replace(card, free_bytes=max(0, card.total_bytes - kept))
    return card
