"""Versions as numbers: torch releases, drivers, CUDA, Python, compute capabilities."""

from __future__ import annotations

import functools
import re

Numbers = tuple[int, ...]


# One plan compares the same few versions some thousand times.
@functools.lru_cache(maxsize=1024)
def numbers(version: str) -> Numbers:
    """Return the leading numbers of a version: "2.15.0+cu132" is (2, 15, 0)."""
    found = re.match(r"\d+(?:\.\d+)*", version.strip())
    return tuple(int(n) for n in found[0].split(".")) if found else ()


def public(version: str) -> str:
    """Return a version without its local part: "2.15.0+cu132" is "2.15.0"."""
    return version.partition("+")[0]


def at_least(version: str, floor: str) -> bool:
    """Whether `version` reaches `floor`; missing parts count as nothing."""
    return numbers(version) >= numbers(floor)


def minor(version: str) -> str:
    """Return major and minor only: "3.12.4" is "3.12"."""
    return ".".join(version.strip().split(".")[:2])


def within(version: str, ends: tuple[str, str]) -> bool:
    """Whether the minor of `version` lies between `ends`, both included."""
    here = numbers(minor(version))
    return numbers(ends[0]) <= here <= numbers(ends[1])


def not_above(version: str, ceiling: str) -> bool:
    """Whether the release line of `version` is at most `ceiling`; an empty ceiling is none."""
    return not ceiling or numbers(minor(version)) <= numbers(ceiling)
