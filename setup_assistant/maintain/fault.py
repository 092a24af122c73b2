"""One thing that is wrong with a recipe, and what all checks share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_NAMES = ("torch", "tag", "id", "package", "name", "branch", "release", "cuda", "up_to", "first")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Where and what: a file of the recipes, a dotted key, a sentence in English."""

    file: str
    key: str
    what: str


def first(row: object) -> str:
    """Return the name of a row in brackets, e.g. "(2.15.0)", or nothing."""
    for name in _NAMES:
        value = getattr(row, name, None)
        if isinstance(value, str | int):
            return f"({value})"
    return ""


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version; nothing where it is none."""
    if not re.fullmatch(r"\d+(?:\.\d+)*(?:\.?post\d+)?", version):
        return ()
    return tuple(int(n) for n in re.findall(r"\d+", version))


def unordered(
    file: str, key: str, versions: Sequence[str], *, up: bool = True, equal: bool = False
) -> Iterator[Fault]:
    """Yield each pair of neighbours that goes the wrong way, and each that is no version."""
    for index, version in enumerate(versions):
        if not numbers(version):
            yield Fault(file=file, key=f"{key}[{index}]", what=f"{version!r} is no version")
    way = "below" if up else "above"
    for index, (one, two) in enumerate(pairwise(versions)):
        a, b = numbers(one), numbers(two)
        if not a or not b or (equal and a == b) or (b > a if up else b < a):
            continue
        yield Fault(file=file, key=f"{key}[{index + 1}]", what=f"{two} after {one}: {way} or equal")


def repeated(file: str, key: str, names: Sequence[str]) -> Iterator[Fault]:
    """Yield each name that stands there twice."""
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield Fault(file=file, key=key, what=f"{name!r} stands there twice")


def bad_range(file: str, key: str, ends: tuple[str, str]) -> Iterator[Fault]:
    """Yield a range of versions whose ends are none, or stand the wrong way round."""
    low, high = numbers(ends[0]), numbers(ends[1])
    if not low or not high or low > high:
        yield Fault(file=file, key=key, what=f"{ends[0]} to {ends[1]} is no range")
