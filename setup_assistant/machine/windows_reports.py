"""What Windows' own programs say of its graphics cards: DxDiag, Task Manager, WMI, Device Manager.

All of them name the card, its driver in Windows' numbers, and some its memory; they differ only
in the words around. So the text is cut into units, one card each, and each unit searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setup_assistant.machine.reading import Card, Reading, vendor, with_free
from setup_assistant.units_text import GIB, MIB

_NAME = re.compile(
    r"(?:NVIDIA|AMD|ATI|Radeon|Intel\(R\)|Intel)"
    r"(?:\([RT]M?\))? [A-Z][^\t\n|;=]*?(?=\s{2,}|[\t\n|;]|$)"
)
# Windows counts a driver as 32.0.15.8115; NVIDIA's own number is in the last five digits.
_VERSION = re.compile(r"\b\d{1,2}\.\d{1,2}\.1(\d)\.(\d{4})\b")
_MEMORY = re.compile(
    r"(?:Dedicated (?:GPU )?memory|专用 ?GPU ?内存|Dedizierter GPU-Speicher|専用 GPU メモリ)"
    r"[:\s]*(?:(?P<used>[\d.,]+) ?/ ?)?(?P<total>[\d.,]+) ?(?P<unit>MB|GB)",
    re.IGNORECASE,
)
_ADAPTER = re.compile(r"\bAdapterRAM\s*[:=]?\s*(\d{6,})|^(\d{8,})\s", re.MULTILINE)
# WMI keeps the size in 32 bits: what is close to 4 GiB means that, or more.
_FULL = 4_000_000_000
# Lines that name the maker of a card, not the card.
_MAKER = re.compile(
    r"^.*(?:Manufacturer|Provider|Vendor|AdapterCompatibility|制造商).*$\n?", re.MULTILINE
)
# What has a maker's name and is no card: other devices of the same makers, and processors.
_HIDDEN = re.compile(
    r"Remote Display|Basic (?:Display|Render)|Virtual|Parsec|Mirage|Audio|Chipset|SMBus|\bUSB\b|"
    r"\bPCI|\bSATA|Ethernet|Wi-?Fi|Wireless|Bluetooth|Management Engine|Serial IO|Thermal|Platform|"
    r"Controller|Container|PhysX|FrameView|Sensor|Service|Corporation|\bCore\(TM\)|\bXeon|\bEPYC|"
    r"\bPentium|\bCeleron|Threadripper|Processor|\bCPUs?\b|\bGHz|\bRyzen (?!.*Radeon)",
    re.IGNORECASE,
)
_PROCESSOR = re.compile(
    r"^ *(?:Processor|CPU|处理器|Prozessor)\b.*$\n?", re.MULTILINE | re.IGNORECASE
)


def read(text: str) -> Reading:
    """Return the cards that a report of Windows names, and NVIDIA's driver."""
    cards: dict[str, Card] = {}
    driver = None
    for name, unit in _units(text):
        maker = vendor(name)
        version = _VERSION.search(unit)
        if version and maker is None:
            driver = driver or f"{version[1]}{version[2][:2]}.{version[2][2:]}"
        index = sum((c.vendor or "nvidia") == (maker or "nvidia") for c in cards.values())
        cards.setdefault(name, _card(name, maker, index, unit))
    return Reading(source="nvidia-smi", driver=driver, windows=True, cards=tuple(cards.values()))


def _units(text: str) -> Iterator[tuple[str, str]]:
    """Yield each card's name with the lines that tell of it."""
    name, told = "", ""
    for block in re.split(r"\n\s*\n", _MAKER.sub("", _PROCESSOR.sub("", text))):
        names = [n for n in _NAME.findall(block) if not _HIDDEN.search(n)]
        if not names:
            told += f"\n{block}"
            continue
        if name:
            yield name, told
        if len(set(names)) == 1:
            name, told = names[0], block
            continue
        name = ""
        yield from _by_line(block)
    if name:
        yield name, told


def _by_line(block: str) -> Iterator[tuple[str, str]]:
    """Yield the cards of a table: one a line, or each with the lines below it."""
    name, told = "", ""
    for line in block.split("\n"):
        found = _NAME.search(line)
        if found and not _HIDDEN.search(found[0]):
            if name:
                yield name, told
            name, told = found[0], line
        else:
            told += f"\n{line}"
    if name:
        yield name, told


def _card(name: str, maker: str | None, index: int, unit: str) -> Card:
    memory, adapter = _MEMORY.search(unit), _ADAPTER.search(unit)
    total = used = None
    if memory:
        scale = MIB if memory["unit"].upper() == "MB" else GIB
        total = _size(memory["total"], scale)
        used = _size(memory["used"], scale) if memory["used"] else None
    elif adapter:
        size = int(adapter[1] or adapter[2])
        total = size if size < _FULL else None
    return with_free(Card(name=name, index=index, vendor=maker, total_bytes=total, used_bytes=used))


def _size(text: str, scale: int) -> int:
    return int(float(text.replace(",", ".")) * scale)
