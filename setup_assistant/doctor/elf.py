"""What a shared library says of itself: needs, search paths, versions. Only its headers are read.

Layout of the tables: the System V ABI, chapters 4 and 5, and the Linux Standard Base on symbol
versions. A library may have hundreds of megabytes; it is mapped, and a few pages are touched.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from setup_assistant.messages import msg

# e_machine as the wheels' tags call it.
MACHINES = {3: "i686", 21: "ppc64le", 22: "s390x", 40: "armv7l", 62: "x86_64", 183: "aarch64",
            243: "riscv64"}  # fmt: skip
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRINGS, _SONAME, _RPATH, _RUNPATH = 1, 5, 14, 15, 29
_DEFINED, _DEFINED_COUNT = 0x6FFFFFFC, 0x6FFFFFFD
_WANTED, _WANTED_COUNT = 0x6FFFFFFE, 0x6FFFFFFF
_START = 64
_LONGEST = 4096
# No library has as many versions; a damaged one may claim billions.
_MOST = 4096


@dataclass(frozen=True, kw_only=True)
class Elf:
    """One library.

    `wants` maps a library's name to the symbol versions asked of it, e.g. `GLIBC_2.28`;
    `defines` are the versions that it offers itself. `whole`: the table of sections, which stands
    last, is there. `fault` says why it cannot be read.
    """

    machine: str = ""
    soname: str = ""
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    wants: dict[str, frozenset[str]] = field(default_factory=dict)
    defines: frozenset[str] = frozenset()
    whole: bool = False
    fault: str = ""


def read(path: Path) -> Elf:
    """Return what the library at `path` says of itself."""
    try:
        stat = path.stat()
    except OSError as error:
        return Elf(fault=error.strerror or str(error))
    # A remedy may put another file in its place while we run.
    return _read(path, stat.st_size, stat.st_mtime_ns, stat.st_ino)


@lru_cache(maxsize=1024)
def _read(path: Path, _size: int, _time: int, _inode: int) -> Elf:
    try:
        with path.open("rb") as stream:
            start = stream.read(_START)
            if len(start) < _START or not start.startswith(b"\x7fELF"):
                empty, other = (
                    msg("empty file"),
                    msg("no ELF file, begins with {start}", start=repr(start[:4])),
                )
                return Elf(fault=str(other if start else empty))
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Reader(data).read()
    except (struct.error, ValueError, IndexError, OverflowError, UnicodeDecodeError) as error:
        return Elf(fault=str(msg("damaged ELF file: {detail}", detail=str(error))))
    except OSError as error:
        return Elf(fault=error.strerror or str(error))


class _Reader:
    """Walks one mapped file."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.wide = data[4] == 2
        self.order = "<" if data[5] == 1 else ">"
        self.loads: list[tuple[int, int, int]] = []
        self.strings = 0

    def read(self) -> Elf:
        machine = MACHINES.get(self.number("H", 18), f"machine {self.number('H', 18)}")
        tags: dict[int, list[int]] = {}
        for tag, value in self.dynamic():
            tags.setdefault(tag, []).append(value)
        if _STRINGS not in tags:
            return Elf(machine=machine, whole=self.whole())
        self.strings = self.place(tags[_STRINGS][0])
        names = {tag: [self.text(v) for v in tags.get(tag, ())]
                 for tag in (_NEEDED, _SONAME, _RPATH, _RUNPATH)}  # fmt: skip
        return Elf(
            machine=machine,
            soname="".join(names[_SONAME][:1]),
            needed=tuple(names[_NEEDED]),
            rpath=tuple(p for v in names[_RPATH] for p in v.split(":") if p),
            runpath=tuple(p for v in names[_RUNPATH] for p in v.split(":") if p),
            wants=dict(self.wanted(tags)),
            defines=frozenset(self.defined(tags)),
            whole=self.whole(),
        )

    def whole(self) -> bool:
        """Whether the table of sections lies within the file."""
        code, at, sizes = ("Q", 40, 58) if self.wide else ("I", 32, 46)
        length = self.number("H", sizes) * self.number("H", sizes + 2)
        return 0 < self.number(code, at) <= len(self.data) - length

    def number(self, code: str, at: int) -> int:
        (value,) = struct.unpack_from(self.order + code, self.data, at)
        return int(value)

    def text(self, offset: int) -> str:
        at = self.strings + offset
        end = self.data.find(b"\0", at, at + _LONGEST)
        if end < 0:
            raise ValueError("a name has no end")
        return self.data[at:end].decode()

    def place(self, address: int) -> int:
        """Return where in the file a loaded address lies."""
        for start, size, offset in self.loads:
            if start <= address < start + size:
                return address - start + offset
        raise ValueError("a table lies in no segment")

    def dynamic(self) -> list[tuple[int, int]]:
        """Return the pairs of the dynamic section."""
        at, size, count = (
            (self.number("Q", 32), self.number("H", 54), self.number("H", 56))
            if self.wide
            else (self.number("I", 28), self.number("H", 42), self.number("H", 44))
        )
        found: tuple[int, int] | None = None
        for entry in (at + size * n for n in range(count)):
            kind = self.number("I", entry)
            fields = self.order + ("4xQQ8xQ" if self.wide else "II4xI")
            offset, address, length = struct.unpack_from(fields, self.data, entry + 4)
            if kind == _LOAD:
                self.loads.append((address, length, offset))
            elif kind == _DYNAMIC:
                found = (offset, length)
        return list(self.pairs(*found)) if found else []

    def pairs(self, offset: int, length: int) -> Iterator[tuple[int, int]]:
        code, step = ("qQ", 16) if self.wide else ("iI", 8)
        for at in range(offset, offset + length, step):
            tag, value = struct.unpack_from(self.order + code, self.data, at)
            if tag == 0:
                return
            yield tag, value

    def wanted(self, tags: dict[int, list[int]]) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield library → versions asked of it (Elf64_Verneed, Elf64_Vernaux)."""
        if _WANTED not in tags:
            return
        at = self.place(tags[_WANTED][0])
        for _ in range(min(tags.get(_WANTED_COUNT, [0])[0], _MOST)):
            _version, count, file, first, following = struct.unpack_from(
                self.order + "HHIII", self.data, at
            )
            names, one = [], at + first
            for _each in range(min(count, _MOST)):
                name, step = struct.unpack_from(self.order + "8xII", self.data, one)
                names.append(self.text(name))
                one += step
            yield self.text(file), frozenset(names)
            at += following

    def defined(self, tags: dict[int, list[int]]) -> Iterator[str]:
        """Yield the versions offered (Elf64_Verdef, Elf64_Verdaux)."""
        if _DEFINED not in tags:
            return
        at = self.place(tags[_DEFINED][0])
        for _ in range(min(tags.get(_DEFINED_COUNT, [0])[0], _MOST)):
            first, following = struct.unpack_from(self.order + "12xII", self.data, at)
            yield self.text(self.number("I", at + first))
            at += following
