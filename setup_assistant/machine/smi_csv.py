"""The output of `nvidia-smi --query-gpu=… --format=csv`, with its heading or without."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from setup_assistant.machine import card_table, csv_without_header
from setup_assistant.machine.csv_rewrap import fields, unwrapped
from setup_assistant.machine.facts import Unknown
from setup_assistant.machine.reading import Reading, value
from setup_assistant.messages import msg

# Columns that tell which card a row is of.
_IDENTITY = frozenset({"index", "uuid", "gpu_uuid", "pci.bus_id", "gpu_bus_id"})
_COLUMN = re.compile(r"^[A-Za-z][\w.]*(?: \[[\w/%]+\])?$")


def read(text: str) -> Reading:
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
    guesses = [g for g in (csv_without_header.named(r) for r in rows) if g]
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
    """Return the rows below their headings, with each value's name.

    Rows that tell which card they are of may come again; of others, only the first answer to a
    question counts, and their place in it: two cards alike have rows alike.
    """
    found: list[dict[str, str]] = []
    asked: set[tuple[str, ...]] = set()
    for names, block in _blocks(rows):
        told = [dict(zip(names, row, strict=True)) for row in block if len(row) == len(names)]
        if not _IDENTITY.isdisjoint(names):
            found += told
        elif told and names not in asked:
            asked.add(names)
            moment = told[0].get("timestamp", "")[:19]
            now = [row for row in told if row.get("timestamp", "")[:19] == moment]
            found += [{**row, "index": str(place)} for place, row in enumerate(now)]
    return found


def _blocks(rows: Sequence[list[str]]) -> Iterator[tuple[tuple[str, ...], list[list[str]]]]:
    """Yield each heading with the rows below it, but those of a list of processes."""
    starts = [n for n, row in enumerate(rows) if n == 0 or _is_column_list(row)]
    for start, end in itertools.pairwise([*starts, len(rows)]):
        names = tuple(n.split(" [")[0].strip() for n in rows[start])
        if "pid" not in names:
            yield names, list(rows[start + 1 : end])


def _is_broken(rows: Sequence[list[str]], names: Sequence[int]) -> bool:
    """Whether lines of the table were broken: the one after the heading has not its cells."""
    after = rows[names[0] + 1 :][:1]
    # A heading's line that ends in a comma goes on in the next.
    begun = any(r[-1] == "" and all(map(_is_column, r[:-1])) for r in rows[: names[0]] if r[1:])
    return (
        begun or not after or len(after[0]) != len(rows[names[0]]) or names[1:2] == [names[0] + 1]
    )


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


def _from_rows(rows: Sequence[dict[str, str]]) -> Reading:
    cards = tuple(
        card_table.card(row.get, "csv", trouble=card_table.trouble(row.values())) for row in rows
    )
    first = rows[0] if rows else {}
    driver = value(first.get("kmd_version")) or value(first.get("driver_version"))
    count = value(first.get("count"))
    return Reading(
        source="nvidia-smi",
        driver=driver if driver and csv_without_header.DRIVER.match(driver) else None,
        attached=int(count) if count and count.isdigit() else None,
        windows=any(c.driver_model for c in cards),
        cards=cards,
    )
