"""The kernel's own words of the NVIDIA driver: its version, and which card it refuses, and why."""

from __future__ import annotations

import re

from setup_assistant.catalog import gpus
from setup_assistant.machine.reading import Card, Reading, bus_id
from setup_assistant.units_text import MIB
from setup_assistant.versions import numbers

# "NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  ..." and older spellings;
# /proc/driver/nvidia/version begins "NVRM version:".
_LOADED = re.compile(
    r"NVRM version: .*?\s(\d{3}\.\d[\d.]*)\s"
    r"|(?:NVRM: l|nvidia-modeset: L)oading NVIDIA UNIX .*?Kernel Mod(?:ule|e Setting Driver)\b"
    r".*?\s(\d{3}\.\d[\d.]*)\b"
    r"|NVRM: +NVIDIA (\d{3}\.\d[\d.]*) driver release"
    r"|kernel module version (\d{3}\.[\d.]+)"
    r"|NVRM: +The (\d{3}\.[\d.]+) NVIDIA driver will ignore"
)
# "NVRM: The NVIDIA GPU 0000:02:00.0 (PCI ID: 10de:2c31)", and the reason in the next lines, up to
# those of another card.
_REFUSED = re.compile(
    r"The NVIDIA GPU (?P<bus>[0-9a-f:.]+) \(PCI ID: 10de:(?P<device>[0-9a-f]{4})\)"
    r"(?P<why>(?:(?![^\n]*The NVIDIA GPU [0-9a-f:.]+ \(PCI)[^\n]*\n?){1,4})",
    re.IGNORECASE,
)
# "The NVIDIA Tesla K40m GPU installed in this system is supported through ... Legacy drivers"
_LEFT_BEHIND = re.compile(
    r"The NVIDIA (?P<name>\S[^\n(]*?) GPU [^\n]{0,40}?is\s+(?:NVRM:\s+)?"
    r"(?P<why>supported through the NVIDIA \d{3}\.\S+ Legacy drivers)"
)
# What the free driver says of a card that it holds: the chip, then its memory.
_NOUVEAU = re.compile(
    r"nouveau (?P<bus>[0-9a-f]{4}:[0-9a-f:.]+): NVIDIA (?P<chip>[A-Z]{2}\w{3})\b", re.IGNORECASE
)
_NOUVEAU_MEMORY = r"nouveau {bus}: (?:drm|DRM): VRAM: (\d+) MiB"
# Why the module refuses a card, in the words of its log.
_WHY = (
    ("open_modules_required", re.compile(r"requires use of the NVIDIA open kernel modules")),
    ("closed_modules_required", re.compile(r"not supported by open")),
    ("card_too_old", re.compile(r"supported through the NVIDIA \d{3}\.")),
    ("driver_before_card", re.compile(r"not supported by the")),
)
# The oldest capability that the newest driver drives: an older card was left behind by it.
_STILL_DRIVEN = (7, 5)
_INIT = re.compile(r"NVRM: GPU (?P<bus>[0-9a-f:.]{7,}): RmInitAdapter failed", re.IGNORECASE)


def read_module(text: str) -> Reading:
    """Return the version of the loaded kernel module, where the text has the kernel's word."""
    # The last one counts: a log may tell of several loads.
    told = [next(g for g in m.groups() if g) for m in _LOADED.finditer(text)]
    version = told[-1].rstrip(".") if told else None
    return Reading(source="kernel", driver=version, kernel_module=version)


def read_refusals(text: str) -> Reading:
    """Return the cards that the kernel module would not drive."""
    cards: dict[str | None, Card] = {}
    for found in _REFUSED.finditer(text):
        why = re.sub(r"\s*NVRM:\s+", " ", " ".join(found["why"].split())).strip()
        kind = next((name for name, pattern in _WHY if pattern.search(why)), None)
        part = gpus.of_pci(found["device"])
        if kind == "driver_before_card" and part and numbers(part) < _STILL_DRIVEN:
            kind = "card_too_old"
        if kind:
            cards[bus_id(found["bus"])] = Card(
                index=len(cards),
                pci_bus_id=bus_id(found["bus"]),
                pci_device_id=found["device"].upper(),
                trouble=why[:200],
                trouble_id=kind,
            )
    for found in _LEFT_BEHIND.finditer(text):
        name = found["name"]
        cards[name] = Card(
            index=len(cards), name=name, trouble=found["why"], trouble_id="card_too_old"
        )
    for found in _INIT.finditer(text):
        bus = bus_id(found["bus"])
        trouble = found[0].removeprefix("NVRM: ")
        cards.setdefault(
            bus,
            Card(index=len(cards), pci_bus_id=bus, trouble=trouble, trouble_id="gpu_unreachable"),
        )
    return Reading(source="kernel", cards=tuple(cards.values()))


def read_nouveau(text: str) -> Reading:
    """Return the cards that the free driver holds, as the kernel logs them."""
    held = {m["bus"]: m["chip"] for m in _NOUVEAU.finditer(text)}
    sizes = {b: re.search(_NOUVEAU_MEMORY.format(bus=re.escape(b)), text) for b in held}
    cards = (
        Card(
            index=n,
            name=f"NVIDIA {chip}",
            vendor="nvidia",
            pci_bus_id=bus_id(bus),
            kernel_driver="nouveau",
            total_bytes=int(size[1]) * MIB if (size := sizes[bus]) else None,
        )
        for n, (bus, chip) in enumerate(held.items())
    )
    return Reading(source="pci", cards=tuple(cards))
