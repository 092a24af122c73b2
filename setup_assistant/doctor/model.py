"""A model folder read from outside: JSON files, and the headers of its weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from setup_assistant.messages import msg
from setup_assistant.weights.listing import path_fault

INDEX = "model.safetensors.index.json"
_LARGEST_HEADER = 100_000_000
_START = 512


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a safetensors file says of itself: name → shape, and the size it must have."""

    shapes: dict[str, list[int]]
    size: int
    wanted: int | None
    fault: str | None = None


class ModelFolder:
    """The files of one model. Every property is read once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def config(self) -> dict[str, Any]:
        """`config.json`, or nothing where it cannot be read."""
        return self.mapping("config.json")

    @cached_property
    def index(self) -> dict[str, str]:
        """Tensor → file, as the index has it; empty where there is none."""
        return {k: str(v) for k, v in self._weight_map.items() if not path_fault(v)}

    @cached_property
    def astray(self) -> tuple[str, str] | None:
        """A file that the index names and that no index may, and why: it came from a stranger."""
        faults = ((ascii(v)[:80], path_fault(v)) for v in self._weight_map.values())
        return next(((name, fault) for name, fault in faults if fault), None)

    @cached_property
    def _weight_map(self) -> dict[str, object]:
        found = self.mapping(INDEX).get("weight_map")
        return {str(k): v for k, v in found.items()} if isinstance(found, dict) else {}

    @cached_property
    def shards(self) -> tuple[str, ...]:
        """The files of weights: those that the index names, else those that are there."""
        if self.index:
            return tuple(sorted(set(self.index.values())))
        return tuple(sorted(p.name for p in self.path.glob("*.safetensors")))

    @cached_property
    def headers(self) -> dict[str, Header]:
        """The header of every file of weights that is there."""
        there = (n for n in self.shards if (self.path / n).is_file())
        return {name: _header(self.path / name) for name in there}

    def mapping(self, name: str) -> dict[str, Any]:
        """Return a JSON object in the folder, or nothing where it cannot be read."""
        try:
            value = json.loads((self.path / name).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def start(self, name: str) -> bytes:
        """Return the first bytes of a file."""
        try:
            with (self.path / name).open("rb") as stream:
                return stream.read(_START)
        except OSError:
            return b""

    def has(self, *names: str) -> bool:
        """Whether any of these files is there."""
        return any((self.path / name).is_file() for name in names)


def _header(path: Path) -> Header:
    size = path.stat().st_size
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if size < 8 or length > min(size, _LARGEST_HEADER):
                fault = str(
                    msg("{size} bytes, but its header claims {length}", size=size, length=length)
                )
                return Header(shapes={}, size=size, wanted=None, fault=fault)
            said = json.loads(stream.read(length))
        tensors = {n: t for n, t in said.items() if n != "__metadata__"}
        shapes = {n: list(t["shape"]) for n, t in tensors.items()}
        wanted = 8 + length + max((t["data_offsets"][1] for t in tensors.values()), default=0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        return Header(shapes={}, size=size, wanted=None, fault=str(error))
    said = msg("{size} bytes, its header says {wanted}", size=size, wanted=wanted)
    short = None if wanted == size else str(said)
    return Header(shapes=shapes, size=size, wanted=wanted, fault=short)
