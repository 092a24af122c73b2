"""What stands in front of every line of a captured text: quotes, times, names, numbers."""

from __future__ import annotations

import re

# What mail programs and log collectors put in front of each line.
_QUOTED = re.compile(r"^(?:> ?)+", re.MULTILINE)
_STAMPED = re.compile(
    r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?:? (?! *,)", re.MULTILINE
)
_SENDER = re.compile(
    r"\[[^\]\n]{1,80}\] |[A-Z][a-z]{2} +\d+ [\d:]{8} \S+ \S+?: |[\w./@-]+ +\| |(?!GPU )[\w.@-]+: "
)
# What a log puts in front of a line: steps with tabs, times, brackets, levels, streams; each with
# one blank, for what follows may be indented.
_TIME = (
    r"\[?(?:\d{4}[-/]\d\d[-/]\d\d(?:[T ]|$))?"
    r"\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]?"
)
_LEAD = re.compile(
    rf"(?:[^\t\n|]{{1,80}}\t[^\t\n|]{{1,80}}\t)?"
    rf"(?:(?:{_TIME}|\[[^\]\n]{{1,80}}\]|std(?:out|err) [FP]"
    r"|(?:DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL):?|-)(?: |$)(?! *,))+",
    re.MULTILINE,
)
_NUMBER = re.compile(r" *(\d+)(?:[:|] ?| {1,2})(?! *,)")


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
    names = {re.sub(r"\d+", "0", m[0]) for m in found if m}
    if len(names) > 1:
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
