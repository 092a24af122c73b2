"""A model folder read from outside: JSON files, and the headers of its weights."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from setup_assistant.weights.content import Look, look
from setup_assistant.weights.json_file import JsonFile, kind_fault, read_object
from setup_assistant.weights.listing import path_fault
from setup_assistant.weights.model_files_present import INDEX, PICKLED
from setup_assistant.weights.tensors import Header, read_header

_START = 512


class ModelFolder:
    """The files of one model. Every property is read once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: dict[str, JsonFile] = {}

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
        return {name: read_header(self.path / name) for name in there}

    @cached_property
    def content(self) -> Look:
        """What the bytes of the weights show by themselves."""
        return look(self.path, self.headers)

    def mapping(self, name: str) -> dict[str, Any]:
        """Return a JSON object in the folder, or nothing where it cannot be read."""
        return self.read(name).value

    def read(self, name: str) -> JsonFile:
        """Return a JSON file of the folder, or what is wrong with it; each is read once."""
        if name not in self._read:
            self._read[name] = read_object(self.path / name)
        return self._read[name]

    def start(self, name: str) -> bytes:
        """Return the first bytes of a file."""
        if kind_fault(self.path / name):
            return b""
        try:
            with (self.path / name).open("rb") as stream:
                return stream.read(_START)
        except OSError:
            return b""

    def pickled(self) -> str | None:
        """Return a file of pickled weights; None where there is none."""
        found = (p.name for p in sorted(self.path.iterdir()) if p.suffix in PICKLED)
        return next((n for n in found if self.has(n)), None)

    def has(self, *names: str) -> bool:
        """Whether any of these files is there."""
        return any((self.path / name).is_file() for name in names)
