"""A library made of its headers alone, of either width and order: what a compiler would write."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

_AT = 4096  # where the tables lie


def library(
    path: Path,
    *,
    needed: Sequence[str] = (),
    soname: str = "",
    rpath: str = "",
    runpath: str = "",
    wants: Mapping[str, Sequence[str]] | None = None,
    defines: Sequence[str] = (),
    machine: int = 62,
    wide: bool = True,
    order: str = "<",
) -> Path:
    """Write a library that says these things of itself.

    Layout: the System V ABI, chapters 4 and 5, and the Linux Standard Base on symbol versions. The
    addresses in memory are 0x1000 above the places in the file.
    """
    names = b"\0"

    def name(text: str) -> int:
        nonlocal names
        names += text.encode() + b"\0"
        return len(names) - len(text) - 1

    tags = [(1, name(n)) for n in needed]
    tags += [(tag, name(text)) for tag, text in ((14, soname), (15, rpath), (29, runpath)) if text]
    asked = b""
    rows = list((wants or {}).items())
    for last, (file, versions) in ((row is rows[-1], row) for row in rows):
        size = 16 + 16 * len(versions)
        asked += struct.pack(f"{order}HHIII", 1, len(versions), name(file), 16, 0 if last else size)
        for n, version in enumerate(versions):
            ends = n == len(versions) - 1
            asked += struct.pack(f"{order}IHHII", 0, 0, 0, name(version), 0 if ends else 16)
    offered = b""
    for n, version in enumerate(defines):
        following = 0 if n == len(defines) - 1 else 28
        offered += struct.pack(f"{order}HHHHIII", 1, 0, n, 1, 0, 20, following)
        offered += struct.pack(f"{order}II", name(version), 0)
    parts = {5: names, 0x6FFFFFFE: asked, 0x6FFFFFFC: offered}
    at, data = _AT, b""
    for tag, part in parts.items():
        if part:
            tags.append((tag, at + len(data) + 0x1000))
            data += part + bytes(-len(part) % 8)
    tags += [(0x6FFFFFFF, len(rows)), (0x6FFFFFFD, len(defines)), (0, 0)]
    word = "Q" if wide else "I"
    dynamic = b"".join(struct.pack(f"{order}{word}{word}", *tag) for tag in tags)
    place = at + len(data)
    whole = data + dynamic
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_head(machine, place, len(dynamic), len(whole), wide, order) + whole)
    return path


def _head(machine: int, dynamic: int, size: int, whole: int, wide: bool, order: str) -> bytes:
    """Return the header, the two segments, and what fills up the place before the tables."""
    word, head, entry = ("Q", 64, 56) if wide else ("I", 52, 32)
    ident = b"\x7fELF" + bytes([1 + wide, 1 if order == "<" else 2, 1]) + bytes(9)
    sections = _AT + whole - 64  # one section header of 64 bytes is within the file
    rest = struct.pack(
        f"{order}HHI{word}{word}{word}IHHHHHH", 3, machine, 1, 0, head, sections, 0, head, entry,
        2, 64, 1, 0,
    )  # fmt: skip

    def segment(kind: int, place: int, length: int) -> bytes:
        fields = (place, place + 0x1000, 0, length, length)
        if wide:
            return struct.pack(f"{order}IIQQQQQQ", kind, 4, *fields, 1)
        return struct.pack(f"{order}IIIIIIII", kind, *fields, 4, 1)

    return (ident + rest + segment(1, _AT, whole) + segment(2, dynamic, size)).ljust(_AT, b"\0")
