"""What the listings of Linux say of graphics cards: lshw, hwinfo, ubuntu-drivers and inxi.

They name the chip and, mostly, the kernel driver that holds it; none knows the memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from setup_assistant.machine.reading import Card, Reading, bus_id, value, vendor

# lshw begins a device with "*-display", hwinfo with "20: PCI 100.0: 0300 VGA", ubuntu-drivers with
# "== /sys/devices/… ==".
_DEVICE = re.compile(
    r"^ *\*-[a-z]+(?::\d+)?(?P<state>(?: UNCLAIMED| DISABLED)*) *$"
    r"|^\d+: (?:PCI|None) [^\n]*$|^== /sys/devices/[^\n]* ==$",
    re.MULTILINE,
)
# As "product: GA104M [GeForce RTX 3070 Mobile / Max-Q]" or `Model: "nVidia GA106 [GeForce
# RTX 3060]"`; a text that was cut may end in the middle of it.
_MODEL = re.compile(
    r"^ *(?:product|Model|model) *: *\"?(?P<chip>[^\[\n\"]*)(?:\[(?P<name>[^\]\n\"]+)\]?)?",
    re.MULTILINE,
)
_MAKERS = re.compile(r"nvidia|\bAMD\b|\bATI\b|intel|GeForce|Quadro|Tesla", re.IGNORECASE)
_MAKER = re.compile(r"^ *(?:vendor|Vendor|model|Model|product) *: *[^\n]*", re.MULTILINE)
_HELD = re.compile(r"\bdriver=(\S+)|^ *Driver: \"([^\"]+)\"", re.MULTILINE)
_BUS = re.compile(r"pci@([0-9a-fA-F:.]+)|/([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.\d) ==")
_GRAPHICS = re.compile(
    r"\*-display|VGA compatible|3D controller|Display controller|\b03(?:00|02) VGA|== /sys/devices/"
)
# As in `lshw -short`: "/0/100/1/0  /dev/fb0  display  TU117M [GeForce GTX 1650 Mobile / Max-Q]".
SHORT = re.compile(
    r"^/0/\S+ +(?:\S+ +)?display +(?P<chip>[^\[\n]*)\[(?P<name>[^\]\n]+)\]", re.MULTILINE
)
# As in: "Device-2: NVIDIA GA107M [GeForce RTX 3050 Mobile] driver: nvidia v: 535.54.03"
INXI = re.compile(
    r"Device-\d+: (?P<name>(?:NVIDIA|AMD|Advanced Micro|Intel)[^\n]*?)(?: vendor: [^\n]*?)?"
    r" driver: (?P<driver>\S+)(?: v: (?P<version>\S+))?"
)


def read(text: str) -> Reading:
    """Return the graphics cards that lshw, hwinfo or ubuntu-drivers list."""
    short = (
        _card(m["chip"] + m["name"], re.match(r"(.*)", m["name"]), None)
        for m in SHORT.finditer(text)
    )
    cards = [*_devices(text), *short]
    return Reading(source="pci", cards=_counted(cards))


def inxi(text: str) -> Reading:
    """Return the cards and NVIDIA's driver that inxi names."""
    found = list(INXI.finditer(text))
    held = [m["version"] for m in found if m["driver"] == "nvidia" and m["version"]]
    cards = (
        _card(m["name"], re.search(r"\[([^\]]+)\]", m["name"]), value(m["driver"])) for m in found
    )
    return Reading(
        source="nvidia-smi", driver=held[0] if held else None, cards=_counted(list(cards))
    )


def _devices(text: str) -> Iterator[Card]:
    found = list(_DEVICE.finditer(text))
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        told = text[match.start() : end]
        model = _MODEL.search(told)
        if model is None or not _GRAPHICS.search(told):
            continue
        maker = " ".join(_MAKER.findall(told))
        if not _MAKERS.search(maker):
            continue  # A server's own little adapter.
        held, bus = _HELD.search(told), _BUS.search(told)
        bound = (held[1] or held[2]) if held else "none" if match["state"] else None
        card = _card(maker, re.match(r"(.*)", model["name"] or model["chip"].strip()), bound)
        yield replace(card, pci_bus_id=bus_id((bus[1] or bus[2]) if bus else None))


def _card(words: str, name: re.Match[str] | None, driver: str | None) -> Card:
    maker = vendor(words) or "nvidia"
    return Card(
        name=name[1].strip() if name else words,
        vendor=maker,
        kernel_driver=driver if maker == "nvidia" else None,
    )


def _counted(cards: list[Card]) -> tuple[Card, ...]:
    """Return the cards numbered, each maker's on their own."""
    counts: dict[str | None, int] = {}
    found = []
    for card in cards:
        index = counts.get(card.vendor, 0)
        counts[card.vendor] = index + 1
        found.append(replace(card, index=index))
    return tuple(found)
