"""Search texts for patterns, and name what literal part stands in whatever one matches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from setup_assistant.catalog.causes import compiled

# After a backslash these stand for classes or places, not for themselves.
_CLASSES = set("dDwWsSbBAZ0123456789nrtfv")
_BREAKS = set(".^$)")
_OPTIONAL = set("*?{")
# Matches of one pattern that may not count before it is given up.
_TRIES = 200


@dataclass(frozen=True)
class Hit:
    """Where a pattern matched, and what its named groups say."""

    start: int
    end: int
    values: Mapping[str, str]


def first(patterns: Iterable[str], text: str, counts: Callable[[Hit], bool]) -> Hit | None:
    """Return the first match of any pattern that counts.

    Args:
        patterns: regular expressions.
        text: what is searched.
        counts: whether a match is meant.
    """
    found: Hit | None = None
    for pattern in patterns:
        hit = _first(compiled(pattern), text, found.start if found else len(text), counts)
        found = hit or found
    return found


def _first(
    pattern: re.Pattern[str], text: str, before: int, counts: Callable[[Hit], bool]
) -> Hit | None:
    for number, match in enumerate(pattern.finditer(text)):
        if match.start() >= before or number == _TRIES:
            return None
        named = {k: v for k, v in match.groupdict().items() if v}
        hit = Hit(match.start(), match.end(), named)
        if counts(hit):
            return hit
    return None


@cache
def literals_of(pattern: str) -> tuple[str, ...]:
    """Return such a text for each alternative of a pattern: one of them is in what it matches."""
    parts, start, at = [], 0, 0
    while at < len(pattern):
        step = _next(pattern, at)[1]
        if pattern[at] == "|":
            parts.append(pattern[start:at])
            start = at + 1
        at += step
    return tuple(literal_of(part) for part in (*parts, pattern[start:]))


@cache
def literal_of(pattern: str) -> str:
    """Return the longest text, in lower case, that stands in whatever a pattern matches.

    Groups are passed over; a pattern of alternatives has none.
    """
    best, run, at = "", "", 0
    while at < len(pattern):
        char, step, literal = _next(pattern, at)
        if pattern[at] == "|":
            return ""
        if pattern[at + step : at + step + 1] in _OPTIONAL:
            literal = False
        if literal:
            run += char
        else:
            best, run = max(best, run, key=len), ""
        at += step
    return max(best, run, key=len).lower()


def _next(pattern: str, at: int) -> tuple[str, int, bool]:
    """Return the next element, its width in the pattern, and whether it stands for itself."""
    char = pattern[at]
    if char == "\\":
        follows = pattern[at + 1 : at + 2]
        return follows, 2, follows not in _CLASSES
    if char == "[":
        # A bracket that comes first stands for itself.
        start = at + 2 + (pattern[at + 1 : at + 2] == "^")
        return "", pattern.index("]", start) + 1 - at, False
    if char == "(":
        return "", _group(pattern, at), False
    if char == "{" and "}" in pattern[at:]:
        return "", pattern.index("}", at) + 1 - at, False
    return char, 1, char not in _BREAKS and char not in "*?+"


def _group(pattern: str, at: int) -> int:
    """Return the width of the group that begins at `at`."""
    depth, here = 0, at
    while here < len(pattern):
        char = pattern[here]
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return here + 1 - at
        here += _next(pattern, here)[1] if char in "\\[" else 1
    return len(pattern) - at
