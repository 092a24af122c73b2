"""The line formats: `nvidia-smi -L`, `--version`, and lspci."""

from __future__ import annotations

import re
from dataclasses import replace

from setup_assistant.machine.reading import Card, Reading, bus_id, vendor

_L_CARD = re.compile(
    r"\bGPU (\d+): ([^\n(]+(?:\([^\n)]*\))?) \(UUID: (GPU-[0-9A-Za-z-]+|[^)\n]*)\)"
)
_L_SLICE = re.compile(r"\bMIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)\s]+)\)")
_VERSION = re.compile(r"^\s*([A-Za-z -]+ version)\s*:\s*(\S.*?)\s*$", re.MULTILINE | re.IGNORECASE)
_DRIVER = re.compile(r"^\d{3}\.\d{1,3}(?:\.\d{1,2})?$")
_LSPCI = re.compile(
    r"^(\S*[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) (?:VGA compatible|3D|Display) controller[^:]*: (.+)$",
    re.MULTILINE,
)


def read_list(text: str) -> Reading:
    """Return what `nvidia-smi -L` says: names, UUIDs and MIG profiles."""
    cards: list[Card] = []
    for line in text.splitlines():
        # A chat or a form may have put all of them on one line.
        for found in sorted(
            (*_L_CARD.finditer(line), *_L_SLICE.finditer(line)), key=lambda found: found.start()
        ):
            if found.re is _L_CARD:
                uuid = found[3] if found[3].startswith("GPU-") else None
                cards.append(Card(index=int(found[1]), name=found[2], uuid=uuid))
            elif cards:
                piece = Card(index=int(found[2]), uuid=found[3], mig=found[1])
                cards[-1] = replace(cards[-1], mig="on", slices=(*cards[-1].slices, piece))
    return Reading(source="nvidia-smi", cards=tuple(cards))


def read_version(text: str) -> Reading:
    """Return what `nvidia-smi --version` says; R610 and later call the driver KMD."""
    said = {k.lower(): v for k, v in _VERSION.findall(text)}
    if "nvidia-smi version" not in said:
        return Reading(source="nvidia-smi")
    cuda = said.get("cuda umd version") or said.get("cuda version")
    driver = said.get("kmd version") or said.get("driver version")
    library = re.search(r"\d{3}\.\d[\d.]*", said["nvidia-smi version"])
    return Reading(
        source="nvidia-smi",
        driver=driver if driver and _DRIVER.match(driver) else None,
        cuda=cuda if cuda and re.fullmatch(r"\d+\.\d+", cuda) else None,
        # "Deprecated, see …" is no answer: the line that has it may be cut off.
        cuda_missing=bool(cuda and not cuda[0].isdigit() and not cuda.startswith("Depr")),
        library=library[0] if library else None,
    )


def read_lspci(text: str) -> Reading:
    """Return the GPUs that lspci lists, with the kernel driver that holds each."""
    cards = []
    found = list(_LSPCI.finditer(text))
    # Only `lspci -k` names drivers: without it, their absence says nothing.
    asked = re.search(r"^\s+Kernel (?:driver in use|modules): ", text, re.MULTILINE)
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        held = re.search(r"Kernel driver in use: (\S+)", text[match.start() : end])
        bound = held[1] if held else "none" if asked else None
        if card := _lspci_card(match[1], match[2], bound):
            cards.append(card)
    return Reading(source="pci", cards=tuple(replace(c, index=i) for i, c in enumerate(cards)))


def _lspci_card(address: str, text: str, bound: str | None) -> Card | None:
    text = text.partition(" (prog-if ")[0]
    maker = "nvidia" if "nvidia" in text.lower() else vendor(text)
    if maker is None:
        return None
    number = re.search(r"\[(?:10de|1002|8086):([0-9a-f]{4})\]|Device ([0-9a-f]{4})\b", text)
    pretty = re.search(r"\[((?!10de|1002|8086|AMD)[^\]]*[A-Za-z][^\]]*)\](?!.*\[[A-Z])", text)
    return Card(
        name=pretty[1] if pretty else None,
        pci_bus_id=bus_id(address),
        pci_device_id=(number[1] or number[2]).upper() if number else None,
        vendor=maker,
        kernel_driver=bound,
    )
