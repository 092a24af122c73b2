"""A pasted traceback or log, matched to known causes. Nothing that matches is "not known"."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import cast

from setup_assistant.catalog import causes
from setup_assistant.catalog.causes import Cause
from setup_assistant.choose.remedies import Situation
from setup_assistant.doctor import situation
from setup_assistant.doctor.finding import Finding, Fix, Layer, keeps_everything
from setup_assistant.doctor.text_patterns import first
from setup_assistant.messages import msg

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_DIGITS = re.compile(r"\d+")
# Characters of a line that are looked at, and that are shown.
_WIDEST_LINE, _WIDEST = 20_000, 300
# Lines that differ in their numbers alone are kept so often.
_ALIKE = 3


@dataclass(frozen=True, kw_only=True)
class Match:
    """One cause that a text tells of, and the line that does."""

    cause: Cause
    layer: str
    weak: bool
    start: int
    line: int
    text: str


Rows = Sequence[tuple[str, Cause]]


def explain(text: str, rows: Rows | None = None) -> tuple[Finding, ...]:
    """Return the causes that a text tells of, the most likely first; none where none is known.

    An earlier word outranks a later one: what fails last is most often a consequence. Patterns
    that say little by themselves come after all others, and a symptom after its cause.
    """
    found = matches(text, _known() if rows is None else rows)
    return tuple(_finding(m, primary=i == 0) for i, m in enumerate(found))


def matches(text: str, rows: Rows) -> list[Match]:
    """Return the rows that a text tells of, the most likely first."""
    log = _Log(_COLOURS.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))
    found = [m for layer, row in rows if (m := _match(layer, row, log)) is not None]
    ids = {m.cause.id for m in found}
    return sorted(found, key=lambda m: (not ids.isdisjoint(m.cause.symptom_of), m.weak, m.start))


class _Log:
    """A text without the lines that only repeat others: a training's log has thousands."""

    def __init__(self, text: str) -> None:
        kept: list[str] = []
        self.numbers: list[int] = []
        seen: Counter[str] = Counter()
        for number, line in enumerate(text.split("\n"), 1):
            alike = _DIGITS.sub("0", line)
            seen[alike] += 1
            if seen[alike] <= _ALIKE:
                kept.append(line[:_WIDEST_LINE])
                self.numbers.append(number)
        self.text = "\n".join(kept)
        self.lower = self.text.lower()
        self.starts = list(accumulate((len(line) + 1 for line in kept), initial=0))

    def line(self, at: int) -> tuple[int, str]:
        """Return the number and text of the line at a place of the kept text."""
        index = bisect_right(self.starts, at) - 1
        return self.numbers[index], self.text[self.starts[index] : self.starts[index + 1] - 1]


@cache
def _known() -> tuple[tuple[str, Cause], ...]:
    return prepared(causes.every())


def prepared(rows: Iterable[tuple[str, Cause]]) -> tuple[tuple[str, Cause], ...]:
    """Return the causes that a text can tell of, with their layers."""
    return tuple((layer, row) for layer, row in rows if row.texts)


def _match(layer: str, row: Cause, log: _Log) -> Match | None:
    hit, weak = (
        first(tuple(t.pattern for t in row.texts if not t.hint), log.text, log.lower),
        row.weak,
    )
    if hit is None:
        hit, weak = first(tuple(t.pattern for t in row.texts if t.hint), log.text, log.lower), True
    if hit is None:
        return None
    number, line = log.line(hit)
    return Match(cause=row, layer=layer, weak=weak, start=hit, line=number,
                  text=line.strip()[:_WIDEST])  # fmt: skip


def _finding(match: Match, *, primary: bool) -> Finding:
    row = match.cause
    commands = situation.commands(row.remedy, Situation())
    return Finding(
        id=row.id,
        layer=cast("Layer", match.layer),
        status="fail",
        evidence=((str(msg("line {number}", number=match.line)), match.text),),
        cause=row.sentence(),
        confidence="inferred",
        fix=Fix(
            advice=row.remedy_text(),
            commands=commands,
            needs_root=row.root or any("sudo " in c for c in commands),
            needs_reboot=row.reboot,
            reversible=row.reversible and keeps_everything(commands),
        ),
        primary=primary,
        links=(row.source,),
    )
