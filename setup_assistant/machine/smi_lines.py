"""The line formats: `nvidia-smi -L`, `--version`, `--query-gpu --format=csv`, and lspci."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from setup_assistant.machine.facts import Unknown
from setup_assistant.machine.reading import (
    Card,
    Reading,
    bus_id,
    device_id,
    lost,
    mib,
    switch,
    value,
    with_free,
)
from setup_assistant.machine.smi_wrapped import fields, unwrapped
from setup_assistant.words import msg

_L_CARD = re.compile(r"^.*?\bGPU (\d+): (.+?) \(UUID: (GPU-[0-9A-Za-z-]+)\)", re.MULTILINE)
_L_SLICE = re.compile(r"\bMIG (\S+)\s+Device\s+(\d+): \(UUID: (MIG-[^)\s]+)\)")
_VERSION = re.compile(r"^\s*([A-Za-z -]+ version)\s*:\s*(\S.*?)\s*$", re.MULTILINE | re.IGNORECASE)
_DRIVER = re.compile(r"^\d{3}\.\d{1,3}(?:\.\d{1,2})?$")
_CAPABILITY = re.compile(r"^\d{1,2}\.\d$")
# No NVIDIA GPU that a driver of today knows has less: smaller numbers are something else.
_LEAST_MEMORY = 512 << 20
_COLUMN = re.compile(r"^[A-Za-z][\w.]*(?: \[[\w/%]+\])?$")
_LSPCI = re.compile(
    r"^(\S*[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]) (?:VGA compatible|3D|Display) controller[^:]*: (.+)$",
    re.MULTILINE,
)


def read_list(text: str) -> Reading:
    """Return what `nvidia-smi -L` says: names, UUIDs and MIG profiles."""
    cards: list[Card] = []
    for line in text.splitlines():
        card, part = _L_CARD.match(line), _L_SLICE.search(line)
        if card:
            cards.append(Card(index=int(card[1]), name=card[2], uuid=card[3]))
        elif part and cards:
            piece = Card(index=int(part[2]), uuid=part[3], mig=part[1])
            cards[-1] = replace(cards[-1], mig="on", slices=(*cards[-1].slices, piece))
    return Reading(source="nvidia-smi", cards=tuple(cards))


def read_version(text: str) -> Reading:
    """Return what `nvidia-smi --version` says; R610 and later call the driver KMD."""
    said = {k.lower(): v for k, v in _VERSION.findall(text)}
    if "nvidia-smi version" not in said:
        return Reading(source="nvidia-smi")
    cuda = said.get("cuda umd version") or said.get("cuda version")
    driver = said.get("kmd version") or said.get("driver version")
    return Reading(
        source="nvidia-smi",
        driver=driver if driver and _DRIVER.match(driver) else None,
        cuda=cuda if cuda and re.fullmatch(r"\d+\.\d+", cuda) else None,
        # "Deprecated, see …" is no answer: the line that has it may be cut off.
        cuda_missing=bool(cuda and not cuda[0].isdigit() and not cuda.startswith("Depr")),
        library=said["nvidia-smi version"],
    )


def read_csv(text: str) -> Reading:
    """Return what `--query-gpu=… --format=csv` says, with a heading line or without."""
    lines = [s for s in text.splitlines() if s.count(",") >= 1 and not s.lstrip().startswith("|")]
    rows = [fields(s) for s in lines]
    names = [i for i, s in enumerate(lines) if _is_heading(s) or _is_column_list(rows[i])]
    if names:
        first, broken = names[0], _is_broken(rows, names)
        put_together = unwrapped(text.splitlines(), _is_column, _is_heading) if broken else None
        if put_together is None and broken and names[1:2] == [first + 1]:
            # Parts of a heading that no row could be matched with: values would be guesses.
            return Reading(source="nvidia-smi")
        return _from_rows(_table(put_together or rows[first:]))
    guesses = [g for g in (_guess(r) for r in rows) if g]
    reading = _from_rows(guesses)
    return replace(reading, unknown=_UNNAMED) if reading.cards else reading


_UNNAMED = (
    Unknown(
        field="gpus",
        reason=msg(
            "The file has no line of column names: only values that cannot be taken for "
            "others were used. Save it with the heading."
        ).english,
    ),
)


def _table(rows: Sequence[list[str]]) -> list[dict[str, str]]:
    """Return the rows under the first as names and values; several answers repeat the first."""
    names = [n.split(" [")[0].strip() for n in rows[0]]
    kept = [tuple(r) for r in rows[1:] if len(r) == len(names) and not _is_column_list(r)]
    return [dict(zip(names, row, strict=True)) for row in dict.fromkeys(kept)]


def _is_broken(rows: Sequence[list[str]], names: Sequence[int]) -> bool:
    """Whether lines of the table were broken: the one after the heading has not its cells."""
    after = rows[names[0] + 1 :][:1]
    return not after or len(after[0]) != len(rows[names[0]]) or names[1:2] == [names[0] + 1]


def _is_column(cell: str) -> bool:
    return _COLUMN.match(cell) is not None


def _is_column_list(cells: Sequence[str]) -> bool:
    """Whether these are names of columns: values are never all of that form with a dot in one."""
    return all(map(_is_column, cells)) and any("." in c or "_" in c for c in cells)


def _is_heading(line: str) -> bool:
    cells = [c.strip() for c in line.split(",")]
    if not all(_COLUMN.match(c) for c in cells):
        return False
    names = {c.split(" [")[0] for c in cells}
    return bool(names & {"name", "gpu_name", "uuid", "gpu_uuid", "driver_version", "memory.total"})


def _guess(row: Sequence[str]) -> dict[str, str] | None:
    """Name the columns of a row that cannot be anything else; None where it is no GPU's."""
    from setup_assistant.catalog import gpus

    found: dict[str, str] = {}
    numbers: list[str] = []
    for number, cell in enumerate(row):
        if cell.startswith("GPU-"):
            found["uuid"] = cell
        elif _DRIVER.match(cell):
            found["driver_version"] = cell
        elif _CAPABILITY.match(cell):
            found["compute_cap"] = cell
        elif bus_id(cell):
            found["pci.bus_id"] = cell
        elif "name" not in found and gpus.lookup(cell).compute_capability:
            found["name"] = cell
        elif number == 0 and cell.isdigit():
            found["index"] = cell
        elif mib(cell) is not None:
            numbers.append(cell)
    largest = max(numbers, key=lambda n: mib(n) or 0, default="")
    if "name" in found and (mib(largest) or 0) >= _LEAST_MEMORY:
        found["memory.total"] = largest
    return found if {"name", "uuid"} & found.keys() else None


def _from_rows(rows: Sequence[dict[str, str]]) -> Reading:
    cards = tuple(_csv_card(row) for row in rows)
    first = rows[0] if rows else {}
    driver = value(first.get("kmd_version")) or value(first.get("driver_version"))
    count = value(first.get("count"))
    return Reading(
        source="nvidia-smi",
        driver=driver if driver and _DRIVER.match(driver) else None,
        attached=int(count) if count and count.isdigit() else None,
        windows=any(c.driver_model for c in cards),
        cards=cards,
    )


def _csv_card(row: dict[str, str]) -> Card:
    index = row.get("index", "")
    model = value(row.get("driver_model.current"))
    total = row.get("memory.total")
    mode = row.get("mig.mode.current", "")
    return with_free(
        Card(
            name=value(row.get("name") or row.get("gpu_name")),
            # Rows may be in any order; their place counts only where nothing else tells.
            index=int(index) if index.isdigit() else None,
            uuid=value(row.get("uuid") or row.get("gpu_uuid")),
            pci_bus_id=bus_id(row.get("pci.bus_id") or row.get("gpu_bus_id")),
            compute_capability=value(row.get("compute_cap")),
            total_bytes=mib(total),
            used_bytes=mib(row.get("memory.used")),
            free_bytes=mib(row.get("memory.free")),
            unified_memory=True if total is not None and value(total) is None else None,
            mig={"Enabled": "on", "Disabled": "off"}.get(mode),
            display_active=switch(row.get("display_active")),
            driver_model=model if model in ("WDDM", "TCC", "MCDM") else None,
            pci_device_id=device_id(row.get("pci.device_id")),
            trouble=next((t for t in row.values() if lost(t)), None),
        )
    )


def read_lspci(text: str) -> Reading:
    """Return the GPUs that lspci lists, with the kernel driver that holds each."""
    cards = []
    found = list(_LSPCI.finditer(text))
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        held = re.search(r"Kernel driver in use: (\S+)", text[match.start() : end])
        if card := _lspci_card(match[1], match[2], held[1] if held else None):
            cards.append(card)
    return Reading(source="pci", cards=tuple(replace(c, index=i) for i, c in enumerate(cards)))


def _lspci_card(address: str, text: str, held: str | None) -> Card | None:
    vendor = next(
        (v for v, word in _VENDORS if re.search(word, text, re.IGNORECASE)),
        None,
    )
    if vendor is None:
        return None
    number = re.search(r"\[(?:10de|1002|8086):([0-9a-f]{4})\]|Device ([0-9a-f]{4})\b", text)
    pretty = re.search(r"\[((?!10de|1002|8086|AMD)[^\]]*[A-Za-z][^\]]*)\](?!.*\[[A-Z])", text)
    return Card(
        name=pretty[1] if pretty else None,
        pci_bus_id=bus_id(address),
        pci_device_id=(number[1] or number[2]).upper() if number else None,
        vendor=vendor,
        kernel_driver=held or "none",
    )


_VENDORS = (("nvidia", r"nvidia"), ("amd", r"AMD/ATI|Advanced Micro"), ("intel", r"intel"))
