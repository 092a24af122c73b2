"""A table with commas whose long lines were broken by a terminal or a mail program."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Sequence

_END = re.compile(r"\s*(?:$|[|+=$#>])")


def unwrapped(
    lines: Sequence[str], is_column: Callable[[str], bool], is_heading: Callable[[str], bool]
) -> list[list[str]] | None:
    """Return heading and rows put together again; None where they do not come out even.

    Every row must have as many cells as the heading, or nothing is believed. A terminal breaks
    in the middle of a word, a mail program at a space: both are tried.

    Args:
        lines: the lines of the text.
        is_column: whether a cell can be the name of a column.
        is_heading: whether a whole line is a line of column names.
    """
    for start, line in enumerate(lines):
        cells = fields(line)[:-1]
        if not cells or not all(map(is_column, cells)):
            continue
        ended = (n for n, row in enumerate(lines) if n >= start and _END.match(row))
        block = list(lines[start : next(ended, len(lines))])
        for glue in ("", " "):
            found = _table(block, glue, is_column, is_heading)
            if found is not None:
                return found
    return None


def fields(line: str) -> list[str]:
    """Return the cells of a line."""
    return [f.strip() for f in next(csv.reader([line], skipinitialspace=True), [])]


def _table(
    block: list[str],
    glue: str,
    is_column: Callable[[str], bool],
    is_heading: Callable[[str], bool],
) -> list[list[str]] | None:
    heading, used = block[0], 1
    while used < len(block) and _goes_on(heading, glue + block[used], is_column):
        heading += glue + block[used]
        used += 1
    if not is_heading(heading):
        return None
    names = fields(heading)
    width = max(map(len, block)) if glue == "" else 0
    rows, row = [names], ""
    for line, after in itertools.zip_longest(block[used:], block[used + 1 :], fillvalue=""):
        if not row and "," not in line and len(rows) > 1:
            # The end of a last cell; the cell itself is there.
            continue
        row = row + glue + line if row else line
        count = len(fields(row))
        if count > len(names):
            return None
        # A row that fills its last line ends there where the next line would be too much.
        ends = len(line) != width or len(fields(row + glue + after)) > len(names)
        if count == len(names) and ends:
            rows.append(fields(row))
            row = ""
    if row and len(fields(row)) == len(names):
        rows.append(fields(row))
        row = ""
    return rows if not row and len(rows) > 1 else None


def _goes_on(heading: str, more: str, is_column: Callable[[str], bool]) -> bool:
    """Whether a line belongs to the heading: all it adds but a cut last cell are names too."""
    cells = fields(heading + more)
    known = len(fields(heading))
    new = cells[known - 1 :]
    return all(is_column(c) or (n == len(new) - 1 and _begins(c)) for n, c in enumerate(new))


def _begins(cell: str) -> bool:
    """Whether a cell is empty or the beginning of a name, as in "clocks.max.sm [MH"."""
    return re.fullmatch(r"(?:[A-Za-z][\w.]*(?: \[?[\w/%]*)?)?", cell) is not None
