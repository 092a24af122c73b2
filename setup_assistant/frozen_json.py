"""Frozen values to JSON and back, with errors that name the file and the key."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

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
    """Read a TOML file as a `kind`; raises `code` naming file and key."""
    text = files.read_text(path)
    import msgspec

    try:
        return msgspec.toml.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise SetupError(code, file=str(path), detail=str(error)) from error
