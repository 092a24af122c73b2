"""The header of a safetensors file: which tensors it holds, where, and whether that can be.

Read as https://huggingface.co/docs/safetensors describes the format.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from setup_assistant.messages import Message, msg
from setup_assistant.weights.json_file import JsonFile, kind_fault, parsed

# The limit of the format's own library, in bytes.
LONGEST_HEADER = 100_000_000
_BITS = {
    "F64": 64, "I64": 64, "U64": 64, "C64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16,
    "BF16": 16, "I16": 16, "U16": 16, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "I8": 8, "U8": 8,
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """One tensor: its bytes lie from `begin` up to `end`, counted from the start of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file says of itself. Where `fault` is set, no library can load it."""

    size: int
    tensors: dict[str, Tensor] = field(default_factory=dict)
    fault: Message | None = None
    doubts: tuple[Message, ...] = ()

    @property
    def shapes(self) -> dict[str, list[int]]:
        """The shape of every tensor, by name."""
        return {t.name: list(t.shape) for t in self.tensors.values()}


def read_header(path: Path) -> Header:
    """Return the header of a safetensors file, or what is wrong with it."""
    if fault := kind_fault(path):
        return Header(size=0, fault=fault)
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            length = int.from_bytes(stream.read(8), "little")
            if fault := _length_fault(length, size):
                return Header(size=size, fault=fault)
            said = parsed(stream.read(length))
    except OSError as error:
        return Header(size=0, fault=msg("{detail}", detail=error.strerror or str(error)))
    return _of(said, 8 + length, size)


def misplaced(
    index: Mapping[str, str], headers: Mapping[str, Header]
) -> tuple[str, str, str] | None:
    """Return a tensor that lies elsewhere than the index says, the file, and where it belongs.

    The last is "" where the file lacks the tensor. Shards of the same names, sizes and shapes
    from another training are told by their sums alone.
    """
    for tensor, name in index.items():
        if name in headers and tensor not in headers[name].tensors:
            return tensor, name, ""
    for name, header in headers.items():
        for tensor in header.tensors:
            if index.get(tensor, name) != name:
                return tensor, name, index[tensor]
    return None


def _length_fault(length: int, size: int) -> Message | None:
    if size < 8 or length > size - 8:
        return msg("{size} bytes, but its header claims {length}", size=size, length=length)
    if length > LONGEST_HEADER:
        return msg("its header has {length} bytes: more than may be", length=length)
    return None


def _of(said: JsonFile, start: int, size: int) -> Header:
    if said.fault:
        return Header(size=size, fault=_of_header(said.fault))
    try:
        found = tuple(_tensors(said.value, start))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        return Header(size=size, fault=_of_header(msg("{detail}", detail=repr(error)[:200])))
    return Header(
        size=size,
        tensors={t.name: t for t in found},
        fault=_layout_fault(found, start, size),
        doubts=said.doubts,
    )


def _of_header(detail: Message) -> Message:
    return msg("its header cannot be read: {detail}", detail=str(detail))


def _tensors(header: dict[str, Any], start: int) -> Iterator[Tensor]:
    for name, said in header.items():
        if name != "__metadata__":
            begin, end = said["data_offsets"]
            shape = tuple(said["shape"])
            if not all(type(n) is int and n >= 0 for n in (begin, end, *shape)):
                raise ValueError(name)
            yield Tensor(
                name=name,
                dtype=str(said["dtype"]),
                shape=shape,
                begin=start + begin,
                end=start + end,
            )


def _layout_fault(tensors: tuple[Tensor, ...], start: int, size: int) -> Message | None:
    """Return why tensors do not fill a file: each byte of it belongs to exactly one."""
    wanted = max((t.end for t in tensors), default=start)
    if wanted != size:
        return msg("{size} bytes, its header says {wanted}", size=size, wanted=wanted)
    for tensor in tensors:
        bits = math.prod(tensor.shape) * _BITS.get(tensor.dtype, 0)
        held = (tensor.end - tensor.begin) * 8
        if tensor.begin > tensor.end or (tensor.dtype in _BITS and bits != held):
            said = {"tensor": ascii(tensor.name), "shape": str(list(tensor.shape))}
            return msg("{tensor} does not have the bytes of its shape {shape}", **said)
    ordered = sorted(tensors, key=lambda t: (t.begin, t.end))
    if ordered and ordered[0].begin > start:
        return msg("bytes before {tensor} belong to no tensor", tensor=ascii(ordered[0].name))
    for one, other in pairwise(ordered):
        names = {"one": ascii(one.name), "other": ascii(other.name)}
        if other.begin < one.end:
            return msg("{one} and {other} overlap", **names)
        if other.begin > one.end:
            return msg("bytes between {one} and {other} belong to no tensor", **names)
    return None
