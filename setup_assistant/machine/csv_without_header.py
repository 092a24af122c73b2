"""Rows of a table with commas whose line of column names is missing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setup_assistant.machine.reading import bus_id, mib

# A driver's version, as a cell by itself.
DRIVER = re.compile(r"^\d{3}\.\d{1,3}(?:\.\d{1,2})?$")
_OLDEST_DRIVER = 331
_CAPABILITY = re.compile(r"^\d{1,2}\.\d$")
# Words that people type between commas, and no column holds.
_TYPED = re.compile(
    r"\b(?:driver|cuda)(?: version)?[ :=]+\d|\bcompute capability\b|驱动", re.IGNORECASE
)
# No NVIDIA GPU that a driver of today knows has less: smaller numbers are something else.
_LEAST_MEMORY = 512 << 20


def named(row: Sequence[str]) -> dict[str, str] | None:
    """Name the columns of a row that cannot be anything else; None where it is no GPU's."""
    found: dict[str, str] = {}
    if any(map(_TYPED.search, row)) or any(c.count("(") != c.count(")") or "{" in c for c in row):
        return None  # a sentence, or a line of a program
    for number, cell in enumerate(row):
        column = _column(cell)
        if column:
            found[column] = cell
        elif "name" not in found and (name := _known_name(cell, first=number == 0)):
            found["name"] = name
        elif number == 0 and cell.isdigit():
            found["index"] = cell
    if driver := _only_driver(row):
        found["driver_version"] = driver
    numbers = [c for n, c in enumerate(row) if mib(c) and not (n == 0 and c.isdigit())]
    largest = max(numbers, key=lambda n: mib(n) or 0, default="")
    if "name" in found and (mib(largest) or 0) >= _LEAST_MEMORY:
        found["memory.total"] = largest
    return found if {"name", "uuid"} & found.keys() else None


def _column(cell: str) -> str | None:
    """Return the column whose values alone look like this one."""
    if cell.startswith("GPU-"):
        return "uuid"
    if _CAPABILITY.match(cell):
        return "compute_cap"
    return "pci.bus_id" if bus_id(cell) else None


def _only_driver(row: Sequence[str]) -> str | None:
    """Return the one cell that is a driver: "450.00" may be watts, three parts may not."""
    cells = [c for c in row if DRIVER.match(c) and int(c[:3]) >= _OLDEST_DRIVER]
    told = {c for c in cells if c.count(".") == 2} or {c for c in cells if c[-3:] != ".00"}
    return told.pop() if len(told) == 1 else None


def _known_name(cell: str, *, first: bool) -> str | None:
    """Return the name of a GPU, if a cell is one; before a line's first stands who said it."""
    from setup_assistant.catalog import gpus

    name = re.sub(r"^.*(?:[\]|:]| {2,}) ?", "", cell) if first else cell
    return name if "," not in name and gpus.lookup(name).compute_capability else None
