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
    bad = next((a for a in answers if a[1] and not _harmless(a, answers)), None)
    value: dict[str, Any] = {"status": "ok", "changed": changed(answers)}
    if bad is None:
        return {**value, "code": "", "reason": "", "remedy": ""}
    command, code, envelope = bad
    first = _error(envelope)
    empty = first.get("code") in ("no_receipt", "site_missing")
    if command == "report" and empty and any(a[0] == "doctor" for a in answers):
        first = {**first, "code": "not_installed"}
    # Partly done, or nothing was done yet: another run is what helps.
    begun = code == 3 or first.get("code") in ("no_receipt", "not_installed")
    return {
        **value,
        "status": "unfinished" if begun else "failed",
        "code": str(first.get("code") or "verb_failed"),
        "reason": str(first.get("message") or f"exit status {code}"),
        "remedy": str(first.get("hint") or ""),
    }


def _harmless(bad: Said, answers: tuple[Said, ...]) -> bool:
    """Whether a command's failure is none of the job's."""
    command, _code, envelope = bad
    if command == "uninstall":
        # Nothing is there that could be removed.
        return bool(_error(envelope).get("code") == "site_missing")
    # Of what is set up, no plan that would be made today is asked.
    there = any(name == "report" and not code for name, code, _said in answers)
    return command == "plan" and there


def _error(envelope: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter(envelope.get("errors") or ()), {})


def changed(answers: Iterable[Said]) -> bool:
    """Return whether something was done, or would be: a dry run tells of it."""
    answers = tuple(answers)
    steps = [
        s
        for command, _code, envelope in answers
        if command == "up"
        for s in (envelope.get("data") or {}).get("steps", ())
    ]
    removed = any(
        item.get("fate") == "remove"
        for command, _code, envelope in answers
        if command == "uninstall"
        for item in (envelope.get("data") or {}).get("items", ())
    )
    return removed or any(s.get("status") != "already" for s in steps)


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
