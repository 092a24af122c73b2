"""A plan as JSON and back.

Reasons, warnings and the messages of alternatives are English sentences, for other programs
to read; their templates and values stand beside them in `*_parts`, so that a loaded plan
equals the saved one and still reads in any language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from setup_assistant import frozen_json
from setup_assistant.choose.plan import Plan, Reason
from setup_assistant.errors import SetupError
from setup_assistant.relative_name import fault_of

_SENTENCES = ("reasons", "warnings")


def to_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as plain JSON values."""
    value: dict[str, Any] = frozen_json.to_builtins(plan)
    for key in _SENTENCES:
        value[f"{key[:-1]}_parts"] = value[key]
        value[key] = [sentence(reason) for reason in getattr(plan, key)]
    for entry, alternative in zip(value["alternatives"], plan.alternatives, strict=True):
        entry["message_parts"] = entry["message"]
        entry["message"] = alternative.message.english
    return value


def from_json(value: object, path: str) -> Plan:
    """Return the plan that `to_json` made `value` from.

    Raises:
        SetupError: `file_invalid`, naming `path` and the key.
    """
    if not isinstance(value, dict):
        return frozen_json.from_builtins(value, Plan, path)
    plain = dict(value)
    for key in _SENTENCES:
        parts = plain.pop(f"{key[:-1]}_parts", None)
        if parts is not None:
            plain[key] = parts
    others = plain.get("alternatives", ())
    if isinstance(others, (list, tuple)):
        plain["alternatives"] = [_with_parts(a) for a in others]
    plan = frozen_json.from_builtins(plain, Plan, path)
    # Folders are called by them, whoever made the plan.
    for key, name in (("id", plan.model.id), ("modelscope_id", plan.model.modelscope_id)):
        if fault := fault_of(name):
            detail = f"model.{key}: {name[:80]!a}: {fault}"
            raise SetupError("file_invalid", path=path, detail=detail)
    for word in _words(plan):
        # They become lines of requirements files and words of commands.
        if not re.fullmatch(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*", word):
            raise SetupError("file_invalid", path=path, detail=f"{word[:80]!a}")
    return plan


def _words(plan: Plan) -> Iterator[str]:
    """Yield every address, name and version of a plan that is installed by."""
    sources, torch = plan.sources, plan.torch
    yield from (torch.build, torch.index_url, torch.find_links or "", plan.python, plan.backend)
    yield from (sources.packages, sources.conda, sources.weights, *sources.extra_index_urls)
    yield from (url for fallback in sources.fallbacks for url in (fallback.url, fallback.form))
    for name, version in plan.versions.items():
        yield from (name, version)


def sentence(reason: Reason) -> str:
    """Return a reason as one English line."""
    return f"{reason.about}: {reason.message.english}"


def _with_parts(alternative: object) -> object:
    if not isinstance(alternative, dict) or "message_parts" not in alternative:
        return alternative
    plain = dict(alternative)
    plain["message"] = plain.pop("message_parts")
    return plain
