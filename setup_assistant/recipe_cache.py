"""Recipes as they are used, kept in the cache folder: reading TOML would cost each start 50 ms.

A kept file begins with the very text that it was made from, so that it can never stand for a
changed recipe, and carries a checksum of the rest. It holds plain JSON: nothing in it can name
more than the recipes' own classes. Whatever is wrong with it, the recipe itself is read.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import zlib
from pathlib import Path
from typing import Any, TypeVar

from setup_assistant import __version__
from setup_assistant.host import paths, removal

T = TypeVar("T")
_FORMAT = "setup-assistant recipe 1"
# The only classes that a kept file may name.
_HOME = "setup_assistant.catalog."
# In the written form a list begins with what it stands for: these, or the number of a class.
_LIST, _TUPLE, _FIRST_CLASS = 0, 1, 2


def load(path: Path, text: str, kind: type[T]) -> T | None:
    """Return what was kept of the recipe at `path`, None unless it was made from `text`."""
    try:
        data = _file(path, kind).read_bytes()
        head, _line, rest = data.partition(b"\n")
        source = text.encode()
        body = rest[len(source) :]
        if head != _head(source, body) or not rest.startswith(source):
            return None
        said = json.loads(body)
        value = _built(said["value"], [_class(*row) for row in said["classes"]])
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is only a shortcut
        return None
    return value if isinstance(value, kind) else None


def keep(path: Path, text: str, value: object) -> None:
    """Keep `value`, which was made from `text`, the content of `path`; failing is no harm."""
    classes: dict[type, int] = {}
    body = {"value": _plain(value, classes)}
    body["classes"] = [[c.__module__, c.__qualname__, _fields(c)] for c in classes]
    file = _file(path, type(value))
    spare = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        source, data = text.encode(), json.dumps(body).encode()
        file.parent.mkdir(parents=True, exist_ok=True)
        spare.write_bytes(_head(source, data) + b"\n" + source + data)
        spare.replace(file)
    except OSError:
        removal.drop(spare, under=spare.parent)


def _file(path: Path, kind: type) -> Path:
    name = zlib.crc32(f"{path.absolute()} {kind.__qualname__}".encode())
    return paths.cache_folder() / "recipes" / f"{path.stem}-{name:08x}.json"


def _head(source: bytes, body: bytes) -> bytes:
    """Return the first line: another version of this tool may understand a recipe otherwise."""
    return f"{_FORMAT} {__version__} {len(source)} {zlib.crc32(body):08x}".encode()


def _fields(kind: type) -> list[str]:
    return [f.name for f in dataclasses.fields(kind)]


def _class(module: str, name: str, fields: list[str]) -> tuple[type, list[str]]:
    """Return a class of the recipes whose fields are still those that were written."""
    if not module.startswith(_HOME):
        raise ValueError(module)
    kind: type = getattr(importlib.import_module(module), name)
    if _fields(kind) != fields:
        raise ValueError(name)
    return kind, fields


def _plain(value: object, classes: dict[type, int]) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _plain(v, classes) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        sign = _LIST if isinstance(value, list) else _TUPLE
        return [sign, *(_plain(v, classes) for v in value)]
    if dataclasses.is_dataclass(value):
        kind = type(value)
        number = classes.setdefault(kind, len(classes) + _FIRST_CLASS)
        return [number, *(_plain(getattr(value, name), classes) for name in _fields(kind))]
    return value


def _built(node: Any, classes: list[tuple[type, list[str]]]) -> Any:  # noqa: ANN401 - any value
    if isinstance(node, dict):
        return {key: _built(v, classes) for key, v in node.items()}
    if not isinstance(node, list):
        return node
    sign = node[0]
    parts = [_built(v, classes) if isinstance(v, (list, dict)) else v for v in node[1:]]
    if sign < _FIRST_CLASS:
        return parts if sign == _LIST else tuple(parts)
    kind, fields = classes[sign - _FIRST_CLASS]
    made = object.__new__(kind)
    # As pickle does: no frozen dataclass of the recipes computes anything when it is made.
    made.__dict__.update(zip(fields, parts, strict=True))
    return made
