"""The kernel's own words of the NVIDIA driver: its version, and which card it refuses, and why."""

from __future__ import annotations

import re

from setup_assistant.machine.reading import Card, Reading, bus_id

# "NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  ..." and older spellings;
# /proc/driver/nvidia/version begins "NVRM version:".
_LOADED = re.compile(
    r"NVRM version: .*?\s(\d{3}\.\d[\d.]*)\s"
    r"|NVRM: loading NVIDIA UNIX .*?Kernel Module\b.*?\s(\d{3}\.\d[\d.]*)\b"
    r"|kernel module version (\d{3}\.[\d.]+)"
)
# "NVRM: The NVIDIA GPU 0000:02:00.0 (PCI ID: 10de:2c31)", and the reason in the next line.
_REFUSED = re.compile(
    r"The NVIDIA GPU (?P<bus>[0-9a-f:.]+) \(PCI ID: 10de:(?P<device>[0-9a-f]{4})\)"
    r"(?P<why>(?:[^\n]*\n?){1,4})",
    re.IGNORECASE,
)
_OPEN = re.compile(r"requires use of the NVIDIA open kernel modules", re.IGNORECASE)
_LEGACY = re.compile(
    r"supported through the NVIDIA (\d{3})\.\S* Legacy|not supported by the NVIDIA (?P<here>\d{3})",
    re.IGNORECASE,
)
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
        why = " ".join(found["why"].split())
        kind = "open_modules_required" if _OPEN.search(why) else None
        if kind is None and _LEGACY.search(why):
            kind = "card_too_old"
        if kind:
            words = re.sub(r"\s*NVRM: ", " ", why).strip()
            cards[bus_id(found["bus"])] = Card(
                index=len(cards),
                pci_bus_id=bus_id(found["bus"]),
                pci_device_id=found["device"].upper(),
                trouble=words[:200],
                trouble_id=kind,
            )
    for found in _INIT.finditer(text):
        bus = bus_id(found["bus"])
        trouble = found[0].removeprefix("NVRM: ")
        cards.setdefault(
            bus,
            Card(index=len(cards), pci_bus_id=bus, trouble=trouble, trouble_id="gpu_unreachable"),
        )
    return Reading(source="kernel", cards=tuple(cards.values()))
