"""What the bytes of tensors show by themselves: holes of zeros, and numbers that are none."""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.weights.tensors import Header, Tensor

_WINDOW = 1 << 18
# All of a model up to this size is read; of a larger one windows that come to as much.
BUDGET_BYTES = 1 << 30
# A hole is at least that long: whole tensors of zeros, such as biases, are shorter. In a small
# file one block is.
_HOLE, _SMALL_HOLE, _SMALL_FILE = 1 << 16, 1 << 12, 1 << 26
# Rows for words that no tokenizer has may be zeros.
_PADDED = ("embed_tokens.weight", "lm_head.weight")


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """One flaw: "zeros" or "not-finite" (NaN or infinite), in which tensor, at which byte."""

    kind: str
    file: str
    tensor: str
    offset: int


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was found, the first of each kind in each file, and the share that was read."""

    flaws: tuple[Flaw, ...]
    read_bytes: int
    total_bytes: int

    @property
    def whole(self) -> bool:
        """Whether every byte was read."""
        return self.read_bytes >= self.total_bytes


def look(folder: Path, headers: Mapping[str, Header], *, budget: int = BUDGET_BYTES) -> Look:
    """Look into the tensors of files whose headers are sound."""
    sound = {n: h for n, h in headers.items() if h.tensors and not h.fault}
    total = sum(h.size for h in sound.values())
    step = _WINDOW * max(1, -(-total // max(budget, 1)))
    flaws: list[Flaw] = []
    read = 0
    for name, header in sound.items():
        found, some = _look_into(folder / name, name, header, step)
        flaws += found
        read += some
    return Look(flaws=tuple(flaws), read_bytes=read, total_bytes=total)


def _look_into(path: Path, name: str, header: Header, step: int) -> tuple[list[Flaw], int]:
    tensors = sorted(header.tensors.values(), key=lambda t: t.begin)
    begins = [t.begin for t in tensors]
    hole = bytes(_SMALL_HOLE if header.size < _SMALL_FILE else _HOLE)
    found: dict[str, Flaw] = {}
    read = begins[0]
    with contextlib.suppress(OSError), path.open("rb") as stream:
        for at in _windows(begins[0], header.size, step):
            stream.seek(at)
            data = stream.read(_WINDOW)
            read += len(data)
            for tensor in tensors[bisect_right(begins, at) - 1 :]:
                if tensor.begin >= at + len(data):
                    break
                _look_at(data, at, tensor, hole, name=name, found=found)
            if len(found) == len(("zeros", "not-finite")):
                break
    return list(found.values()), read


def _windows(start: int, size: int, step: int) -> Iterator[int]:
    yield from range(start, size, step)
    last = max(start, size - _WINDOW)
    if step > _WINDOW and (last - start) % step:
        yield last


def _look_at(
    data: bytes, at: int, tensor: Tensor, hole: bytes, *, name: str, found: dict[str, Flaw]
) -> None:
    first, last = max(tensor.begin - at, 0), min(tensor.end - at, len(data))
    zeros = data.find(hole, first, last)
    if zeros >= 0 and "zeros" not in found and not tensor.name.endswith(_PADDED):
        found["zeros"] = Flaw(kind="zeros", file=name, tensor=tensor.name, offset=at + zeros)
    finite = _NOT_FINITE.get(tensor.dtype)
    if finite and "not-finite" not in found:
        width, check = finite
        # Where a window begins within a number, with the next one.
        first += -(at + first - tensor.begin) % width
        number = check(data[first : last - (last - first) % width])
        if number is not None:
            offset = at + first + number * width
            flaw = Flaw(kind="not-finite", file=name, tensor=tensor.name, offset=offset)
            found["not-finite"] = flaw


def _check(width: int, mask: int, below: int) -> Callable[[bytes], int | None]:
    """Return a check for floats whose exponent is the bits `mask` of the last byte and `below`.

    The exponent of a number that is none is all ones; `below` are those bits of it that lie in
    the last byte but one. Whole strips are skipped where no last byte has its bits set.
    """
    full = [h for h in range(256) if h & mask == mask]

    def check(data: bytes) -> int | None:
        high = data[width - 1 :: width]
        if not any(h in high for h in full):
            return None
        pairs = enumerate(zip(high, data[width - 2 :: width], strict=True))
        return next((i for i, (h, n) in pairs if h & mask == mask and n & below == below), None)

    return check


# Width in bytes, and what returns the number of the first that is none.
_NOT_FINITE: dict[str, tuple[int, Callable[[bytes], int | None]]] = {
    "BF16": (2, _check(2, 0x7F, 0x80)),
    "F32": (4, _check(4, 0x7F, 0x80)),
    "F64": (8, _check(8, 0x7F, 0xF0)),
    "F16": (2, _check(2, 0x7C, 0)),
}
