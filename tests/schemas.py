"""The JSON Schema of every envelope that `--json` prints, made from the types behind it.

    python -m tests.schemas

writes `setup_assistant/schemas.json` anew. `DATA` names for each command the fields of its `data`
and their types; whatever a command prints in any test is held to it (tests/conftest.py). A name
that ends with `?` may be absent, `**` takes in every field of a class, and of several rows one
applies: the same command may show, do or refuse.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from setup_assistant.bundle.manifest import Target
from setup_assistant.catalog.causes import Layer
from setup_assistant.catalog.stacks import Found
from setup_assistant.choose.plan import Alternative, Plan, Reason
from setup_assistant.cli.estimate.verdict import Verdict
from setup_assistant.cli.result import SCHEMA
from setup_assistant.doctor.finding import Confidence, Status
from setup_assistant.doctor.fix import Attempt
from setup_assistant.host.prefix import Change
from setup_assistant.machine.facts import Machine
from setup_assistant.maintain.fault import Fault
from setup_assistant.messages import Message
from setup_assistant.report.receipt import CheckLine, MachineLine, MemoryLine, PlanLine, Receipt
from setup_assistant.site.environments import Environment
from setup_assistant.verify.ask import Answer
from setup_assistant.verify.rehearse import Rehearsed
from setup_assistant.verify.results import Verification
from tests.json_schema import FILE

Fields = Mapping[str, Any]
_TEXTS, _PAIRS = list[str], dict[str, list[str | None]]


def _listed(**fields: Any) -> Fields:
    """Return a list of objects."""
    return {"[]": fields}


_FINDING = {
    "id": str, "layer": Layer, "status": Status, "confidence": Confidence, "cause": str | None,
    "evidence": _listed(source=str, value=str), "primary": bool, "consequence_of": str | None,
    "links": _TEXTS,
    "fix": {"or": None, "commands": _TEXTS, "needs_root": bool, "needs_reboot": bool,
            "reversible": bool, "automatic": bool, "advice": str},
}  # fmt: skip
_PLAN: Fields = {
    "**": Plan, "reasons": _TEXTS, "warnings": _TEXTS, "reason_parts": list[Reason],
    "warning_parts": list[Reason],
    "alternatives": {"[]": {"**": Alternative, "message": str, "message_parts": Message}},
}  # fmt: skip
_SHOWN = {"site": str, "dry_run": bool, "notes": _TEXTS, **_PLAN}
_DONE = {
    "site": str, "receipt": str, "report": str, "resume": str | None, "notes": _TEXTS,
    "steps": _listed(name=str, status=str, seconds=float | None), "checks": list[CheckLine],
    "machine": MachineLine, "plan": PlanLine,
}  # fmt: skip
_STEPS_LEFT = {**_SHOWN, "steps": list[dict[str, str]]}
_BUNDLE = {
    "bundle": str, "created": str, "size_bytes": int, "files": int, "unshared_bytes": int,
    "targets": list[Target],
}  # fmt: skip
_UPGRADE = {"environment": Environment, "changes": list[Change], "done": bool}
_PROOF = {"name": str, "stack": str, "torch": str, "build": str, "python": str, "why": str,
          "found": Found | None}  # fmt: skip
_FLEET = (
    {"verb": str, "inventory": str, "wishes?": dict[str, Any], "when": str,
     "hosts": _listed(name=str, status=str, code=str, reason=str, remedy=str, changed=bool,
                      seconds=float | None, machine=str, hostname=str, groups=_TEXTS,
                      notes=_TEXTS, results=dict[str, Any]),
     "groups": _listed(key=str, hosts=_TEXTS, plan=dict[str, Any],
                       least_driver=str, bundled=bool),
     "failed": _TEXTS, "changed": _TEXTS, "rerun": str, "seconds": float},
    {"playbook": str},
)  # fmt: skip
_GONE = {"site": str, "dry_run": bool, "removed?": bool, "kept?": _TEXTS,
         "items": _listed(path=str, kind=str, size_bytes=int, fate=str, reason=str)}  # fmt: skip

DATA: dict[str, tuple[Fields, ...]] = {
    "ask": ({"model": str, "device": str, "dtype": str, "load_seconds": float,
             "answers": {"[]": {"question": str, "files": _TEXTS, "**": Answer}}},),
    "bundle apply": (_DONE, _SHOWN, _STEPS_LEFT),
    "bundle create": ({**_BUNDLE, "left_out": list[dict[str, Any]]},),
    "bundle serve": ({"address": str, "port": int},),
    "bundle verify": ({**_BUNDLE, "signer": str, "vouched": bool},),
    "completion": ({"shell": str, "script": str},),
    "doctor": (
        {"findings": {"[]": _FINDING}, "seconds": dict[str, float], "attempts": list[Attempt],
         "env": str | None, "plan": _TEXTS, "notes": _TEXTS},
        {"findings": {"[]": _FINDING}, "known": bool},
        {"findings": {"[]": _FINDING}, "half": str, "blamed": str, "reasons": _TEXTS, "code": int},
        {"checks": _listed(id=str, layer=Layer, cause=str)},
    ),
    "download": ({"model": str, "endpoint": str, "revision": str, "folder": str,
                  "total_bytes": int, "compared_with": Literal["record", "source"],
                  "received_bytes": int, "source": str, "sources": _TEXTS, "seconds": float,
                  "files": _listed(path=str, size_bytes=int, sha256=str, checked=str,
                                   source=str)},
                 {"dry_run": bool, "model": str, "folder": str, "source": str,
                  "total_bytes": int, "missing_bytes": int, "free_bytes": int,
                  "expected_seconds": float | None,
                  "files": _listed(path=str, size_bytes=int, sha256=str)}),
    "env activate": ({"prefix": str, "shell": str, "activate": str, "deactivate": str,
                      "all": dict[str, str]},),
    "env adopt": tuple({**d, "changes": _PAIRS} for d in (_DONE, _SHOWN, _STEPS_LEFT)),
    "env export": ({"environment": str, "files": _TEXTS, "packages": int,
                    "without_hash": _TEXTS},),
    "env list": ({"environments": list[Environment]},),
    "env remove": ({"environment": Environment, "removed": bool, "made_here": bool,
                    "paths": _TEXTS, "dry_run?": bool},
                   {"environment": None, "prefix": str, "removed": bool}),
    "env rollback": ({**_UPGRADE, "notes": _TEXTS},
                     {"environment": str, "changes": _PAIRS, "left": _PAIRS, "done": bool}),
    "env upgrade": ({**_UPGRADE, "installed_again": _TEXTS, "lost": _TEXTS, "notes": _TEXTS,
                     "previous?": str},),
    "estimate": ({"verdict": Verdict | None, "rough": _TEXTS, "batch": int, "shown_bytes": int,
                  "model": str, "quantization": str, "dtype": str, "transformers": str,
                  "torch": str, "compute_capability": str | None, "attention": str, "gpus": int,
                  "prompt_tokens": int, "positions": int, "within_positions": bool,
                  "patches": int, "vision_tokens": list[int], "download_bytes": int,
                  "need_bytes": int, "allocated_bytes": int,
                  "measure": Literal["allocated", "process"], "terms": dict[str, int],
                  "training?": dict[str, Any], "serving?": dict[str, Any],
                  "gguf?": dict[str, Any]},),
    "export": ({"folder": str, "files": _TEXTS, "commands": _TEXTS},),
    "fleet": _FLEET,
    "fleet enrol": ({"hosts": _listed(name=str, state=str, kept=bool, fingerprints=_TEXTS)},),
    "help": ({"topics": dict[str, str]}, {"topic": str, "page": str}),
    "plan": (_PLAN,),
    "probe": ({"**": Machine},),
    "recipes check": ({"folder": str, "files": _TEXTS, "rows": int, "faults": list[Fault],
                       "online": list[dict[str, Any]]},),
    "recipes prove": ({"proofs": {"[]": _PROOF}},
                      {"written": bool, "proofs": {"[]": {
                          **_PROOF, "status": str, "reproduced": bool | None,
                          "differences": dict[str, Any], "seconds": float,
                          "error": str | None}}}),
    "rehearse": ({"**": Rehearsed, "left_out": _TEXTS, "expected_seconds": float},),
    "report": ({"**": Receipt, "output?": str},),
    "serve": ({"host": str, "port": int, "model": str},
              {"unit": str, "token_file": str, "host": str, "port": int}),
    "uninstall": (_GONE,),
    "up": (_DONE, _SHOWN, _STEPS_LEFT),
    "verify": ({"**": Verification, "compared_with?": str, "memory?": MemoryLine},),
    "wizard": ({"answers": str}, {"dry_run": bool, **_PLAN}, _SHOWN, _DONE),
}  # fmt: skip


def made() -> dict[str, Any]:
    """Return the schema."""
    types = list(_types(DATA))
    told, parts = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    known = dict(zip(map(repr, types), told, strict=True))
    for part in parts.values():
        _closed(part)
    named: dict[str, str] = {}
    rows = []
    for name, kinds in DATA.items():
        command = {"pattern": f"^{name}( |$)"} if name in _MANY else {"const": name}
        choices = [_NOTHING]
        for kind in kinds:
            whole = _object(kind, known, parts)
            same = named.setdefault(json.dumps(whole), f"{name.replace(' ', '_')}_{len(choices)}")
            parts.setdefault(same, whole)
            choices.append({"$ref": f"#/$defs/{same}"})
        rows.append({"properties": {"command": command, "data": {"anyOf": choices}}})
    problem = {n: {"type": "string"} for n in ("code", "message", "hint")}
    envelope = {
        "schema": {"const": SCHEMA},
        "command": {"type": "string"},
        "status": {"enum": ["ok", "partial", "error"]},
        "exit_code": {"enum": [0, 1, 2, 3, 4, 130]},
        "data": {"type": "object"},
        "errors": {"type": "array", "items": _strict(problem)},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What setup-assistant prints with --json",
        **_strict(envelope),
        "anyOf": [*rows, {"properties": {"data": _NOTHING}}],
        "$defs": dict(sorted(parts.items())),
    }


# Their second word says what is exported, or what every host does.
_MANY = ("export", "fleet")
_NOTHING = {"type": "object", "additionalProperties": False}


def _strict(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": [*properties],
            "additionalProperties": False}  # fmt: skip


def _closed(part: dict[str, Any]) -> None:
    """Say that a class is written with all its fields, defaults too, and with no other."""
    part.pop("description", None)
    for field in part.get("properties", {}).values():
        field.pop("default", None)
    if "properties" in part:
        part.update(_strict(part["properties"]))


def _types(row: object) -> Iterator[Any]:
    if isinstance(row, Mapping):
        for value in row.values():
            yield from _types(value)
    elif isinstance(row, tuple):
        for value in row:
            yield from _types(value)
    else:
        yield row


def _object(row: Fields, known: Mapping[str, Any], parts: Mapping[str, Any]) -> dict[str, Any]:
    if "[]" in row:
        return {"type": "array", "items": _object(row["[]"], known, parts)}
    properties: dict[str, Any] = {}
    if "**" in row:
        properties |= parts[row["**"].__name__]["properties"]
    optional = [n.rstrip("?") for n in row if n.endswith("?")]
    for name, kind in row.items():
        if name not in ("**", "or"):
            nested = isinstance(kind, Mapping)
            properties[name.rstrip("?")] = (
                _object(kind, known, parts) if nested else known[repr(kind)]
            )
    whole = _strict(properties)
    whole["required"] = [n for n in properties if n not in optional]
    return {"anyOf": [{"type": "null"}, whole]} if "or" in row else whole


def text() -> str:
    """Return the schema as it is shipped, a line for each class and command."""
    whole = made()
    rows = ",\n".join(map(json.dumps, whole["anyOf"]))
    parts = ",\n".join(f"{json.dumps(n)}: {json.dumps(p)}" for n, p in whole["$defs"].items())
    head = json.dumps({n: v for n, v in whole.items() if n not in ("anyOf", "$defs")})[:-1]
    return f'{head},\n"anyOf": [\n{rows}],\n"$defs": {{\n{parts}}}}}\n'


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
