"""Machines grouped by what they can run: one plan per group, and the exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from setup_assistant.fleet.outcome import Outcome


@dataclass(frozen=True, kw_only=True)
class Group:
    """Hosts with one and the same plan. `example` is the plan of the first of them."""

    key: str
    hosts: tuple[str, ...]
    example: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"key": self.key, "hosts": list(self.hosts), "plan": dict(self.example)}


def group(outcomes: Iterable[Outcome]) -> tuple[Group, ...]:
    """Return the groups, the largest first; hosts without a plan are in none."""
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for outcome in outcomes:
        plan = plan_of(outcome)
        if plan is not None:
            found.setdefault(key_of(plan), []).append((outcome.host, plan))
    groups = [
        Group(key=key, hosts=tuple(name for name, _plan in members), example=members[0][1])
        for key, members in found.items()
    ]
    return tuple(sorted(groups, key=lambda g: (-len(g.hosts), g.key)))


def plan_of(outcome: Outcome) -> Mapping[str, Any] | None:
    """Return the plan that a host answered with, if it did."""
    for command in ("plan", "up"):
        answer = outcome.answer(command)
        if answer is not None and not answer.code and "torch" in answer.data:
            return answer.data
    return None


def key_of(plan: Mapping[str, Any]) -> str:
    """Return what tells one plan from another, in the words of the plan."""
    torch, model = plan["torch"], plan["model"]
    device = plan.get("placement", {}).get("device", "")
    return (
        f"{model['id']} · {model['dtype']} · torch {torch['version']} {torch['build']} · "
        f"transformers {plan['transformers']['version']} · Python {plan['python']} · {device}"
    )
