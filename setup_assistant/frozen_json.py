"""Frozen values to JSON and back, with errors that name the file and the key."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from setup_assistant.errors import SetupError
from setup_assistant.host import files

T = TypeVar("T")


def to_builtins(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Return `value` as plain lists, dicts, strings and numbers.

    Not by msgspec where it can be helped: it takes 25 ms to load, which `probe --json` would
    pay for nothing, and it leaves out the defaults of what it decoded itself.
    """
    if value is None or isinstance(value, (str, int, float)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_builtins(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (tuple, list)):
        return [to_builtins(v) for v in value]
    if isinstance(value, Mapping):
        return {key: to_builtins(v) for key, v in value.items()}
    import msgspec

    return msgspec.to_builtins(value)


def from_builtins(value: object, kind: type[T], path: str) -> T:
    """Return `value` as a `kind`; `path` names where it came from in errors."""
    import msgspec

    try:
        return msgspec.convert(value, kind, str_keys=True)
    except msgspec.ValidationError as error:
        raise SetupError("file_invalid", path=path, detail=str(error)) from error


def load_json(path: Path, kind: type[T], flag: str = "") -> T:
    """Read `path` as a `kind`."""
    return from_builtins(files.read_json(path, flag), kind, str(path))


def load_toml(path: Path, kind: type[T], code: str = "recipe_invalid") -> T:
    """Read a TOML file as a `kind`; raises `code` naming file and key.

    The same text is decoded once: each remedy of a diagnosis asks for the recipes anew. What is
    no frozen `kind` but a plain dict belongs to the caller alone.
    """
    import msgspec

    decode = _decode_toml if kind is dict else _decode_toml_once
    try:
        return cast("T", decode(files.read_text(path), cast("Hashable", kind)))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SetupError(code, file=str(path), detail=str(error)) from error


def _decode_toml(text: str, kind: Hashable) -> object:
    import msgspec

    return msgspec.toml.decode(text, type=kind)


_decode_toml_once = functools.lru_cache(maxsize=64)(_decode_toml)
