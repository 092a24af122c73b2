"""As much of JSON Schema as the kept schema uses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.conftest import ROOT

SCHEMA: dict[str, Any] = json.loads(
    (ROOT / "setup_assistant" / "doctor" / "schema.json").read_text(encoding="utf-8")
)
_TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
    "number": (int, float),
}  # fmt: skip


def faults(value: Any, schema: dict[str, Any] = SCHEMA, where: str = "$") -> Iterator[str]:
    """Yield what `value` breaks of `schema`."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in schema:
        if all(any(True for _ in faults(value, choice, where)) for choice in schema["anyOf"]):
            yield f"{where}: none of the choices"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    named = schema.get("type", [])
    kinds = [named] if isinstance(named, str) else named
    if kinds and not any(isinstance(value, _TYPES[k]) for k in kinds):
        yield f"{where}: {value!r} is no {kinds}"
        return
    if isinstance(value, dict):
        yield from _object(value, schema, where)
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from faults(item, schema["items"], f"{where}[{number}]")


def _object(value: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
    known = schema.get("properties", {})
    other = schema.get("additionalProperties", True)
    for name in schema.get("required", []):
        if name not in value:
            yield f"{where}: no {name}"
    for name, item in value.items():
        if name in known:
            yield from faults(item, known[name], f"{where}.{name}")
        elif other is False:
            yield f"{where}: {name} is not known"
        elif isinstance(other, dict):
            yield from faults(item, other, f"{where}.{name}")
