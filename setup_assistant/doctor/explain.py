"""A pasted traceback or log, matched to known causes. Nothing that matches is "not known"."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from pathlib import Path

from setup_assistant.catalog import failures
from setup_assistant.catalog.failures import Failure
from setup_assistant.doctor.finding import LAYERS, Finding, Fix, keeps_everything
from setup_assistant.messages import Message, language, msg

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_DIGITS = re.compile(r"\d+")
# Characters of a line that are looked at, and that are shown.
_WIDEST_LINE, _WIDEST = 20_000, 300
# Lines that differ in their numbers alone are kept so often.
_ALIKE = 3


@dataclass(frozen=True, kw_only=True)
class _Match:
    failure: Failure
    weak: bool
    start: int
    line: int
    text: str


def explain(text: str, recipes: Path | None = None) -> tuple[Finding, ...]:
    """Return the causes that a text tells of, the most likely first; none where none is known.

    An earlier word outranks a later one: what fails last is most often a consequence. Patterns
    that say little by themselves come after all others, and a symptom after its cause.
    """
    log = _Log(_COLOURS.sub("", text).replace("\r\n", "\n").replace("\r", "\n"))
    found = [m for f in _known(recipes) if (m := _match(f, log)) is not None]
    ids = {m.failure.id for m in found}
    ranked = sorted(found, key=lambda m: (not ids.isdisjoint(m.failure.symptom_of),
                                          m.weak, m.start))  # fmt: skip
    return tuple(_finding(m, primary=i == 0) for i, m in enumerate(ranked))


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
        self.starts = list(accumulate((len(line) + 1 for line in kept), initial=0))

    def line(self, at: int) -> tuple[int, str]:
        """Return the number and text of the line at a place of the kept text."""
        index = bisect_right(self.starts, at) - 1
        return self.numbers[index], self.text[self.starts[index] : self.starts[index + 1] - 1]


@lru_cache(maxsize=2)
def _known(recipes: Path | None) -> tuple[Failure, ...]:
    return failures.load(recipes)


def _match(failure: Failure, log: _Log) -> _Match | None:
    hit, weak = _first(failure.patterns, log.text), failure.weak
    if hit is None:
        hit, weak = _first(failure.hints, log.text), True
    if hit is None:
        return None
    number, line = log.line(hit)
    return _Match(failure=failure, weak=weak, start=hit, line=number, text=line.strip()[:_WIDEST])


def _first(patterns: tuple[str, ...], text: str) -> int | None:
    hits = (_compiled(p).search(text) for p in patterns)
    return min((h.start() for h in hits if h), default=None)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # The cache of `re` itself is smaller than the table.
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)


def _finding(match: _Match, *, primary: bool) -> Finding:
    row = match.failure
    chinese = language() == "zh_CN"
    root = row.root or any("sudo " in c for c in row.commands)
    layer = row.layer if row.layer in LAYERS else "packages"
    return Finding(
        id=row.id,
        layer=layer,
        status="fail",
        evidence=((str(msg("line {number}", number=match.line)), match.text),),
        cause=Message(row.cause_zh if chinese else row.cause),
        confidence="inferred",
        fix=Fix(
            advice=Message(row.advice_zh if chinese else row.advice),
            commands=row.commands,
            needs_root=root,
            needs_reboot=row.reboot,
            reversible=row.reversible and keeps_everything(row.commands),
        ),
        primary=primary,
        links=(row.source,),
    )
