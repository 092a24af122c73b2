"""Machines grouped by what they can run: one plan per group, and the exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from setup_assistant.catalog import stacks, torch
from setup_assistant.fleet.outcome import Outcome

Machine = tuple[str, list[Mapping[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Group:
    """Hosts with one and the same plan. `example` is the plan of the first of them.

    `driver` is the least that the plan's build of torch starts on; nothing for a CPU. `bundled` is
    whether a bundle can carry the plan.
    """

    key: str
    hosts: tuple[str, ...]
    example: Mapping[str, Any]
    driver: str = ""
    bundled: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"key": self.key, "hosts": list(self.hosts), "plan": dict(self.example),
                "least_driver": self.driver, "bundled": self.bundled}  # fmt: skip


def group(outcomes: Iterable[Outcome]) -> tuple[Group, ...]:
    """Return the groups, the largest first; hosts without a plan are in none."""
    found: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for outcome in outcomes:
        plan = plan_of(outcome)
        if plan is not None:
            found.setdefault(key_of(plan), []).append((outcome.host, plan))
    groups = [_group(key, *zip(*members, strict=True)) for key, members in found.items()]
    return tuple(sorted(groups, key=lambda g: (-len(g.hosts), g.key)))


def _group(key: str, hosts: tuple[str, ...], plans: tuple[Mapping[str, Any], ...]) -> Group:
    plan = plans[0]
    device = str((plan.get("placement") or {}).get("device"))
    driver = torch.driver_of(str(plan["torch"]["build"]), device)
    compiled = stacks.compiled_on_arrival(stacks.load(), str(plan["model"].get("quantization")))
    return Group(key=key, hosts=hosts, example=plan, driver=driver, bundled=not compiled)


def plan_of(outcome: Outcome) -> Mapping[str, Any] | None:
    """Return the plan that a host answered with, if it did."""
    return plan_in({a.command: a.envelope for a in outcome.answers if not a.code}) or None


def plan_in(results: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the plan in a host's answers by command: that of its receipt, else the one made now.

    What is installed tells more of a room than what would be. Empty where there is none.
    """
    for command in ("report", "up", "plan"):
        data = results.get(command, {}).get("data") or {}
        if "torch" in data:
            return data
        if "versions" in (data.get("plan") or {}):
            return _of_receipt(data["plan"])
    return {}


def machine_in(results: Mapping[str, Mapping[str, Any]]) -> Machine | None:
    """Return driver and cards in a host's answers: as probed now, else as in its receipt."""
    probe = results.get("probe", {}).get("data") or {}
    if probe:
        return str((probe.get("driver") or {}).get("version") or ""), list(probe.get("gpus", ()))
    for command in ("report", "up"):
        data = results.get(command, {}).get("data") or {}
        if machine := data.get("machine"):
            return str(machine.get("driver") or ""), list(machine.get("gpus", ()))
    return None


def _of_receipt(plan: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the plan of a receipt in the words of `plan`."""
    versions, model = plan["versions"], plan["model"]
    return {
        "torch": plan["torch"],
        "transformers": {"version": versions.get("transformers", "")},
        "model": model,
        "python": versions.get("python", ""),
        "placement": {"device": model.get("device", "")},
    }


def key_of(plan: Mapping[str, Any]) -> str:
    """Return what tells one plan from another, in the words of the plan."""
    build, model = plan["torch"], plan["model"]
    device = plan.get("placement", {}).get("device", "")
    return (
        f"{model['id']} · {model['dtype']} · torch {build['version']} {build['build']} · "
        f"transformers {plan['transformers']['version']} · Python {plan['python']} · {device}"
    )
