"""A pasted traceback or log, matched to known causes. Nothing that matches is "not known"."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import accumulate, groupby
from operator import itemgetter
from typing import cast

from setup_assistant.catalog import causes
from setup_assistant.catalog.causes import Cause, Remedy, Text, compiled
from setup_assistant.choose.remedy_target import Situation
from setup_assistant.doctor import (
    log_text,
    situation,
    text_facts,
    text_mentions,
    text_places,
    text_reason,
)
from setup_assistant.doctor.finding import Finding, Fix, Layer, keeps_everything
from setup_assistant.doctor.log_events import Attempts, Events, ended_well
from setup_assistant.doctor.package_names import named
from setup_assistant.doctor.text_patterns import Hit, first, literals_of
from setup_assistant.messages import Message, msg

_DIGITS = re.compile(r"\d+")
# Characters of a line that are looked at, and that are shown.
_WIDEST_LINE, _WIDEST = 20_000, 300
# Lines that differ in their numbers alone are kept so often.
_ALIKE = 3
# Words of Python, packages, models and GPUs; and those that only other programs print.
_OURS = re.compile(
    r"(?i:python|\bpip3?\b|conda|mamba|\buv\b|torch|cuda|nvidia|nccl|hugging ?face|modelscope|qwen"
    r"|transformers|site-packages|docker|podman|\bapt|\.py\b|\.whl\b|wheel|https?:|urllib|requests"
    r"|\bgit\b|curl|wget|vllm|model|gpu|proxy|index|download|upload|address|decord|ffmpeg|\bav\b)"
    r"|Traceback|\b[A-Z]\w*(?:Error|Timeout)\b"
)
_OTHERS = re.compile(
    r"\[\w+\] \d+#\d+: |"
    r"\bjava\.\w|npm ERR!|^\w+: \[emerg\]|\bpostgres|^psql:|\bredis\b|\bmysql\b|\bERR_CONNECTION",
    re.MULTILINE | re.IGNORECASE,
)
# A line of a program that a traceback shows: the names in it are asked for, not reported.
_IMPORT = re.compile(
    r"\s*(?:-+> ?|❱ ?)?(?:\[?\d+\]?\s+)?(?:from [\w.]+ import [\w ,()]+|import [\w.]+)\s*$"
)
# What players print while they play on.
_PLAYED = re.compile(
    r"^\[(?:ffmpeg/\w+|vd|ad|cplayer)\]|^AV: \d|\bA-V:|^\[\w{8,16}\] \w+ \w+ error:", re.MULTILINE
)
# What apt, pip and uv say while all is well: names and addresses, no error.
_FETCHED = re.compile(r"\s*(?:(?:Hit|Get|Ign):\d+ |Looking in |Requirement already satisfied"
                      r"|(?:DEBUG|TRACE):? (?![^\n]*(?:[Ee]rror|ERROR|[Ff]ailed)))")  # fmt: skip
# A line by which a program warns, and goes on.
_WARNED = re.compile(
    r"\bWARN(?:ING)?\b|\b\w*Warning: |\[W(?:\d| \w+\.cpp)|^W\d{4} |warnings\.warn\(|警告"
)


@dataclass(frozen=True, kw_only=True)
class Match:
    """One cause that a text tells of, and the line that does; `mild` where that only warns."""

    cause: Cause
    layer: str
    weak: bool
    start: int
    line: int
    text: str
    mild: bool = False
    values: Mapping[str, str] = field(default_factory=dict)
    remedy: tuple[Remedy, ...] = ()
    chain: tuple[Message, ...] = ()


# Rows that say no more than that two packages do not fit.
_VAGUE = ("package-api", "transformers-api", "unexpected-argument")


@dataclass(frozen=True)
class Rows:
    """Causes with their layers, in order; by literal part, the row and text that may match."""

    rows: tuple[tuple[str, Cause], ...]
    parts: Mapping[str, tuple[tuple[int, int], ...]]

    def with_a_part_in(self, lower: str) -> Iterator[tuple[str, Cause, list[Text]]]:
        """Yield those of whose texts a literal part stands in a text of small letters, and these.

        Args:
            lower: what is searched, in small letters.
        """
        told = sorted({place for part in self.parts if part in lower for place in self.parts[part]})
        for index, places in groupby(told, key=itemgetter(0)):
            layer, row = self.rows[index]
            yield layer, row, [row.texts[number] for _index, number in places]


def explain(text: str, here: Callable[[], Situation] = Situation) -> tuple[Finding, ...]:
    """Return the causes that a text tells of, the most likely first; none where none is known.

    An earlier word outranks a later one: what fails last is most often a consequence. Patterns
    that say little by themselves come after all others, and a symptom after its cause; an attempt
    that was made again and succeeded is no cause.

    Args:
        text: what was pasted.
        here: gives the situation of this machine, for what the text does not say; asked only
            where a remedy is needed.
    """
    plain = log_text.clean(text)
    found = _with_reason(plain, matches(plain, _known()))
    if not found:
        return ()
    told = text_facts.situation_of(
        plain, here() if any(m.cause.remedy or m.remedy for m in found) else Situation()
    )
    lines = plain.split("\n")
    return tuple(
        _finding(m, told, text_places.of(lines, m.line), primary=i == 0)
        for i, m in enumerate(found)
    )


def matches(text: str, rows: Rows) -> list[Match]:
    """Return the rows that a cleaned text tells of, the most likely first."""
    ours = _ours(text)
    found = _ranked(text, rows, ours=ours)
    if found and ended_well(text):
        # What the last lines themselves say stands, unless they only warn.
        late = text.rstrip().count("\n") - 1
        return [m for m in found if not m.mild and (m.line >= late or not m.weak)]
    if not any(not m.weak for m in found):
        for joined in log_text.unwrapped(text):
            more = _ranked(joined, rows, ours=ours)
            if any(not m.weak for m in more):
                return more
    return found


def _with_reason(text: str, found: list[Match]) -> list[Match]:
    """Put what can be inferred before rows that only say that versions do not fit."""
    if found and not (found[0].cause.general or found[0].weak):
        return found
    thought = text_reason.inferred(text, failed=bool(found))
    if thought is None or (found and not found[0].weak and thought.cause == "told-by-itself"):
        return found
    if thought.vague and found and found[0].cause.id not in _VAGUE:
        own = found[0].cause.remedy
        more = all(r.need == "check" for r in own) or set(own) <= set(thought.remedy)
        told = replace(found[0], remedy=thought.remedy) if more else found[0]
        return [told, *found[1:]]
    row = causes.find(thought.cause, "packages")
    number = text.count("\n", 0, thought.start) + 1
    line = text[text.rfind("\n", 0, thought.start) + 1 :].lstrip("\n").partition("\n")[0]
    first = Match(
        cause=row, layer=causes.layer_of(row.id), weak=False, start=thought.start, line=number,
        text=line.strip()[:_WIDEST], values=thought.values, remedy=thought.remedy,
        chain=thought.chain,
    )  # fmt: skip
    return [first, *(m for m in found if not m.cause.general and m.cause is not row)]


def _ours(text: str) -> bool:
    """Whether a text speaks of what this tool knows; one line alone was picked out of more."""
    alone = "\n" not in text.strip()
    return (alone or bool(_OURS.search(text))) and not _OTHERS.search(text)


def _ranked(text: str, rows: Rows, *, ours: bool) -> list[Match]:
    log = _Log(text, ours=ours)
    told = rows.with_a_part_in(log.lower)
    found = [m for layer, row, texts in told if (m := _match(layer, row, texts, log)) is not None]
    ids = {m.cause.id for m in found}
    return sorted(
        found, key=lambda m: (not ids.isdisjoint(m.cause.symptom_of), m.weak, m.mild, m.start)
    )


class _Log:
    """A text without the lines that only repeat others: a training's log has thousands."""

    def __init__(self, text: str, *, ours: bool) -> None:
        kept: list[str] = []
        self.numbers: list[int] = []
        seen: Counter[str] = Counter()
        attempts = Attempts()
        for number, line in enumerate(text.split("\n"), 1):
            alike = _DIGITS.sub("0", line[:_WIDEST_LINE])
            seen[alike] += 1
            attempts.read(line, len(kept) if seen[alike] <= _ALIKE else None)
            if seen[alike] <= _ALIKE:
                for part in range(0, max(len(line), 1), _WIDEST_LINE):
                    kept.append(line[part : part + _WIDEST_LINE])
                    self.numbers.append(number)
        self.text = "\n".join(kept)
        self.lower = self.text.lower()
        if len(self.lower) != len(self.text):
            # Some letters grow when they are made small; places must stay the same.
            self.lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in self.text)
        self.starts = list(accumulate((len(line) + 1 for line in kept), initial=0))
        self.ours = ours
        self.played = bool(_PLAYED.search(text)) and "Traceback" not in text
        self.events = Events(kept, self.starts, attempts.overcome)

    def line(self, at: int) -> tuple[int, str]:
        """Return the number and text of the line at a place of the kept text."""
        index = bisect_right(self.starts, at) - 1
        return self.numbers[index], self.text[self.starts[index] : self.starts[index + 1] - 1]


@cache
def _known() -> Rows:
    return prepared((n, row) for n in causes.LAYERS for row in causes.layer(n))


def prepared(rows: Iterable[tuple[str, Cause]]) -> Rows:
    """Return the causes that a text can tell of, with their layers."""
    telling = tuple((layer, row) for layer, row in rows if row.texts)
    parts: dict[str, list[tuple[int, int]]] = {}
    for index, (_layer, row) in enumerate(telling):
        for number, text in enumerate(row.texts):
            for part in literals_of(text.pattern):
                parts.setdefault(part, []).append((index, number))
    return Rows(telling, {part: tuple(at) for part, at in parts.items()})


def _match(layer: str, row: Cause, texts: Sequence[Text], log: _Log) -> Match | None:
    def counts(hit: Hit) -> bool:
        return not (log.events.overcome(hit.start) or _FETCHED.match(log.line(hit.start)[1])
                    or text_mentions.mentioned(log.text, hit)
                    or _IMPORT.match(log.line(hit.start)[1])
                    or (row.accuses and log.events.own(max(hit.start, hit.end - 1))))  # fmt: skip

    hit, weak = first((t.pattern for t in texts if not t.hint), log.text, counts), row.weak
    if hit is None:
        hit, weak = first((t.pattern for t in texts if t.hint), log.text, counts), True
    if hit is None or (row.context and not compiled(row.context).search(log.text)):
        return None
    if (row.common and not log.ours) or log.played:
        return None
    number, line = log.line(hit.start)
    return Match(cause=row, layer=layer, weak=weak, start=hit.start, line=number,
                 mild=bool(_WARNED.search(line[:_WIDEST])), text=line.strip()[:_WIDEST],
                 values=hit.values)  # fmt: skip


def _finding(match: Match, told: Situation, places: Mapping[str, str], *, primary: bool) -> Finding:
    row = match.cause
    values = {**places, **match.values}
    wanted = tuple(named(r, values) for r in match.remedy or row.remedy)
    commands = situation.commands(wanted, told)
    return Finding(
        id=row.id, layer=cast("Layer", match.layer), status="fail", confidence="inferred",
        evidence=(
            (str(msg("line {number}", number=match.line)), match.text),
            *((str(msg("it follows")), str(said)) for said in match.chain),
        ),
        cause=row.sentence(values), primary=primary, links=(row.source,),
        fix=Fix(
            advice=row.remedy_text(values), commands=commands, needs_reboot=row.reboot,
            needs_root=row.root or any("sudo " in c for c in commands),
            reversible=row.reversible and keeps_everything(commands),
        ),
    )  # fmt: skip
