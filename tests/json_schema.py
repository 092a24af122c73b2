"""Holds an envelope to the schema that is shipped: as much of JSON Schema as that one uses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent.parent / "setup_assistant" / "schemas.json"
_TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
    "integer": int, "number": (int, float),
}  # fmt: skip

Schema = Mapping[str, Any]


def broken(envelope: dict[str, Any]) -> list[str]:
    """Return what an envelope breaks, the choice named that is nearest to it."""
    return list(_faults(envelope, _shipped(), "$"))


@cache
def _shipped() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return whole


def _faults(value: Any, schema: Schema, at: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = _shipped()["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{at}: {value!r:.80} is no {schema['type']}"
        return
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        yield f"{at}: {value!r:.80} is none of {schema.get('enum', schema.get('const'))}"
    if not re.search(schema.get("pattern", ""), str(value)):
        yield f"{at}: {value!r:.80} is not like {schema['pattern']}"
    if isinstance(value, dict):
        yield from _in_object(value, schema, at)
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        kinds = [*first, *[schema.get("items") or {}] * (len(value) - len(first))]
        for number, (item, kind) in enumerate(zip(value, kinds, strict=False)):
            yield from _faults(item, kind, f"{at}[{number}]")
    tried = [list(_faults(value, choice, at)) for choice in schema.get("anyOf", [])]
    if tried and all(tried):
        yield from min(tried, key=lambda found: ("$.command" in found[0], len(found)))


def _is(value: Any, names: str | list[str]) -> bool:
    kinds = [names] if isinstance(names, str) else names
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, _TYPES[kind]) for kind in kinds)


def _in_object(value: dict[str, Any], schema: Schema, at: str) -> Iterator[str]:
    known, other = schema.get("properties", {}), schema.get("additionalProperties", True)
    yield from (f"{at}: no {name}" for name in schema.get("required", ()) if name not in value)
    for name, item in value.items():
        kind = known.get(name, other)
        if kind is False:
            yield f"{at}: {name} is not known"
        elif kind is not True:
            yield from _faults(item, kind, f"{at}.{name}")
