"""What the answers of a host's commands come to. Pure, and also what a playbook believes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

# An answer: the command's name, its exit status, and its envelope.
Said = tuple[str, int, Mapping[str, Any]]


def verdict(answers: Iterable[Said]) -> dict[str, Any]:
    """Return status (ok, failed, unfinished), changed, and code, reason and remedy of a failure."""
    answers = tuple(answers)
    there = any(command == "report" and not code for command, code, _envelope in answers)
    # Of what is set up, no plan that would be made today is asked.
    bad = next((a for a in answers if a[1] and not (there and a[0] == "plan")), None)
    value: dict[str, Any] = {"status": "ok", "changed": changed(answers)}
    if bad is None:
        return {**value, "code": "", "reason": "", "remedy": ""}
    _command, code, envelope = bad
    first: Mapping[str, Any] = next(iter(envelope.get("errors") or ()), {})
    # Partly done, or nothing was done yet: another run is what helps.
    begun = code == 3 or first.get("code") == "no_receipt"
    return {
        **value,
        "status": "unfinished" if begun else "failed",
        "code": str(first.get("code") or "verb_failed"),
        "reason": str(first.get("message") or f"exit status {code}"),
        "remedy": str(first.get("hint") or ""),
    }


def changed(answers: Iterable[Said]) -> bool:
    """Return whether a step was done, or would be: `up --dry-run` tells of each."""
    steps = [
        s
        for command, _code, envelope in answers
        if command == "up"
        for s in (envelope.get("data") or {}).get("steps", ())
    ]
    return any(s.get("status") != "already" for s in steps)


def of_job(answers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the verdict on what a job's commands printed."""
    return verdict((named(a["argv"]), int(a["code"] or 0), _envelope(a)) for a in answers)


def named(argv: list[str]) -> str:
    """Return the verb of a command: a bundle is applied by the same road as `up`."""
    return "up" if argv[:1] == ["bundle"] else str(argv[0] if argv else "?")


def _envelope(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        value = json.loads(answer["out"])
    except ValueError:
        said = str(answer.get("err") or "").strip().splitlines()
        detail = said[-1] if said else f"exit status {answer['code']}, no envelope"
        return {"errors": [{"code": "agent_failed", "message": detail, "hint": ""}]}
    return value if isinstance(value, dict) else {}
