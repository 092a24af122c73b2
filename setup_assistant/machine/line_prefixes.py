"""What stands in front of every line of a captured text: quotes, times, names, numbers.

Each form is written with the line that it exists for; a test reads every one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


class Prefix(NamedTuple):
    """One form of what stands in front of a line: its pattern, and the shortest example."""

    pattern: str
    example: str


def _any(prefixes: Iterable[Prefix]) -> str:
    return "|".join(p.pattern for p in prefixes)


# A mail program's quotation.
QUOTE = Prefix(r"(?:> ?)+", "> > ")
# A time at the margin, of which one is enough.
STAMP = Prefix(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?:? (?! *,)",
    "2026-01-02T03:04:05.678Z ",
)
# Who sent the line: cut where all lines have the same.
SENDERS = (
    Prefix(r"\[[^\]\n]{1,80}\] ", "[pod/gpu-7/cuda] "),
    Prefix(r"[A-Z][a-z]{2} +\d+ [\d:]{8} \S+ \S+?: ", "Nov 22 10:00:01 gpu7 run[1]: "),
    Prefix(r"[\w./@-]+ +\| ", "cuda-1  | "),
    Prefix(r"(?!GPU )[\w.@-]+: ", "node01: "),
)
# What a log puts in front of a line; several may follow each other, each with one blank, for
# what comes then may be indented.
_TIME = (
    r"\[?(?:\d{4}[-/]\d\d[-/]\d\d(?:[T ]|$))?"
    r"\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?"
)
LEADS = (
    Prefix(_TIME, "03:04:05 "),
    Prefix(r"\[[^\]\n]{1,80}\]", "[task 2026-01-02T03:04:05.004+00:00] "),
    Prefix(r"std(?:out|err) [FP]", "2026-01-02T03:04:05.123456789Z stdout F "),
    Prefix(
        r"(?:DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL):?|-",
        "2026-01-02 03:04:05,123 - INFO - ",
    ),
)
# The job and the step that a build service names first.
STEP = Prefix(
    r"[^\t\n|]{1,80}\t[^\t\n|]{1,80}\t", "build\tRun nvidia-smi\t2026-01-02T03:04:05.1234567Z "
)
# An editor's line numbers: cut where they count up by one.
NUMBER = Prefix(r" *(\d+)(?:[:|] ?| {1,2})(?! *,)", "   1  ")

_QUOTED = re.compile(f"^{QUOTE.pattern}", re.MULTILINE)
_STAMPED = re.compile(f"^{STAMP.pattern}", re.MULTILINE)
_SENDER = re.compile(_any(SENDERS))
_NAMED = re.compile(_any(SENDERS[2:]))
_LEAD = re.compile(rf"(?:{STEP.pattern})?(?:(?:{_any(LEADS)})(?: |$)(?! *,))+", re.MULTILINE)
_NUMBER = re.compile(NUMBER.pattern)


def without(text: str) -> str:
    """Return a text without what mail programs, logs and editors put in front of its lines."""
    text = _without_lead(text).expandtabs()
    text = _STAMPED.sub("", _QUOTED.sub("", text))
    return _without_numbers(_without_sender(text))


def _without_lead(text: str) -> str:
    """Cut what a log puts in front of lines, where most have it and it tells a time or a name."""
    told = [s for s in text.split("\n") if s.strip()]
    found = [m for s in told if (m := _LEAD.match(s))]
    dated = [m for m in found if re.search(_TIME, m[0])]
    if len(dated) < 0.8 * max(1, len(told)):
        return text
    return "\n".join(_LEAD.sub("", s, count=1) if _LEAD.match(s) else s for s in text.split("\n"))


def _without_sender(text: str) -> str:
    """Cut what stands in front of every line alike: a container's, a host's or a service's name."""
    lines = text.split("\n")
    told = [s for s in lines if s.strip()]
    found = [_SENDER.match(s) or _SENDER.match(f"{s} ") for s in told]
    if len(told) < 2 or not all(found):
        return text
    names = {m[0] for m in found if m}
    # Times and the numbers of processes differ from line to line; names of two hosts are two.
    if len({re.sub(r"\d+", "0", n) for n in names}) > 1 or (
        len(names) > 1 and any(_NAMED.fullmatch(n) for n in names)
    ):
        return text
    return "\n".join(_SENDER.sub("", s if _SENDER.match(s) else f"{s} ", count=1) for s in lines)


def _without_numbers(text: str) -> str:
    """Cut the line numbers of an editor: they count up by one."""
    lines = text.rstrip("\n").split("\n")
    found = [_NUMBER.match(line) for line in lines]
    if len(lines) < 2 or not all(found):
        return text
    counted = [int(m[1]) for m in found if m]
    if counted != list(range(counted[0], counted[0] + len(lines))):
        return text
    return "\n".join(_NUMBER.sub("", line, count=1) for line in lines) + "\n"


# Every prefix of this file; a test puts each in front of a table's lines.
ALL = (QUOTE, STAMP, *SENDERS, *LEADS, STEP)
