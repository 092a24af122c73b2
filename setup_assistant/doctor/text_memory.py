"""Tell from the numbers of a CUDA memory error what took the memory: then what mends it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from setup_assistant.doctor.inferred import Inferred

_TRIED = re.compile(r"Tried to allocate (?P<size>[\d.]+) (?P<unit>[KMGT]i?B)")
_NEAR = 800
_TOTAL = re.compile(r"total capacity of (?P<size>[\d.]+) (?P<unit>[KMGT]i?B)|"
                    r"(?P<old>[\d.]+) (?P<of>[KMGT]i?B) total capacity")  # fmt: skip
_OWN = re.compile(
    r"(?P<size>[\d.]+) (?P<unit>[KMGT]i?B) (?:is allocated by PyTorch|already allocated)"
)
_IDLE = re.compile(r"(?P<size>[\d.]+) (?P<unit>[KMGT]i?B) is reserved by PyTorch but unallocated")
_FREE = re.compile(r"(?:of which )?(?P<size>[\d.]+) (?P<unit>[KMGT]?i?B|bytes) (?:is )?free")
# Newer sentences name each other process, and this one.
_OTHER = re.compile(r"\bProcess \d+ has (?P<size>[\d.]+) (?P<unit>[KMGT]i?B) memory in use")
# No weight of these models is larger: in 32 bits the table of words of the 72B one has 4.6 GiB.
_LARGEST_WEIGHT = 4.65 * 2**30
_UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def short(text: str) -> Iterator[Inferred]:
    """Yield what took the memory: one tensor, the model, other programs, or scattered blocks."""
    for found in islice(_TRIED.finditer(text), 100):
        said = text[found.start() : found.end() + _NEAR]
        tried, total = _bytes(_TRIED, said), _bytes(_TOTAL, said)
        if not total:
            continue
        own, idle, free = (_bytes(p, said) for p in (_OWN, _IDLE, _FREE))
        others = sum(float(m["size"]) * _UNITS[m["unit"][0]] for m in _OTHER.finditer(said))
        # In a container torch does not know its own number.
        others -= 0 if "this process has" in said else own + idle
        values = {"tried": found["size"] + " " + found["unit"], "total": f"{total / 2**30:.1f} GiB"}
        # A single tensor of that size is made of pixels and frames, not of weights.
        if tried >= total / 4:
            yield Inferred(cause="memory-for-pixels", start=found.start(), values=values)
        elif idle > max(tried, total / 10):
            yield Inferred(cause="memory-scattered", start=found.start(), values=values)
        elif others > total / 2 or (own and own + free < total / 2):
            yield Inferred(cause="memory-of-others", start=found.start(), values=values)
        elif own > total * 0.8:
            cause = "memory-for-pixels" if tried > _LARGEST_WEIGHT else "memory-for-model"
            yield Inferred(cause=cause, start=found.start(), values=values)


def _bytes(pattern: re.Pattern[str], said: str) -> float:
    found = pattern.search(said)
    size, unit = (g for g in found.groups() if g) if found else ("0", "")
    return float(size) * _UNITS.get(unit[:1], 1)
