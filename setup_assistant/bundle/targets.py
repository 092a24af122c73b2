"""From machines to the kinds of machine a bundle is for: one plan each, the oldest counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from setup_assistant import values
from setup_assistant.catalog.recipes import Recipes
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.planner import make_plan
from setup_assistant.choose.versions import at_least
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.machine.facts import Machine, Source
from setup_assistant.words import _

_OLDEST_GLIBC = "2.17"


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Machines that run one plan. `machine` is the one with the oldest C library.

    `key` names packages and model.
    """

    key: str
    plan: Plan
    machine: Machine
    hosts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Left:
    """A machine that no plan was found for, and why."""

    host: str
    reason: str


def kinds(
    machines: Iterable[tuple[str, Machine]],
    wishes: Wishes,
    sources: tuple[Source, ...],
    recipes: Recipes,
) -> tuple[tuple[Kind, ...], tuple[Left, ...]]:
    """Return the kinds of machine among `machines` (name, facts), and those without a plan.

    All are planned for with the sources of this machine, which is the one that downloads.
    """
    found: dict[str, Kind] = {}
    left = []
    for host, machine in machines:
        try:
            plan = make_plan(replace(machine, sources=sources), wishes, recipes)
        except SetupError as error:
            left.append(Left(host=host, reason=str(error.message)))
            continue
        key = f"{plan_key(plan, machine)} {plan.model.id}"
        known = found.get(key)
        if known is None:
            found[key] = Kind(key=key, plan=plan, machine=machine, hosts=(host,))
        else:
            older = machine if _older(machine, known.machine) else known.machine
            found[key] = replace(known, machine=older, hosts=(*known.hosts, host))
    return tuple(found.values()), tuple(left)


def plan_key(plan: Plan, machine: Machine) -> str:
    """Return what decides which packages a machine gets."""
    packages = (
        plan.torchvision, plan.transformers, plan.accelerate, plan.qwen_vl_utils,
        plan.modelscope, *plan.extra_packages,
    )  # fmt: skip
    parts = [
        machine.system.os, machine.system.arch, f"python{plan.python}",
        f"torch{plan.torch.version}-{plan.torch.build}",
        *(f"{p.name}{p.version}" for p in packages),
        f"{plan.decoder.package}{plan.decoder.version}",
    ]  # fmt: skip
    return " ".join(parts)


def glibc_of(machine: Machine) -> str:
    """Return the C library of a machine; the oldest known where it is not known."""
    return machine.system.glibc or _OLDEST_GLIBC


def machines_in(paths: Sequence[Path]) -> list[tuple[str, Machine]]:
    """Return the machines in files: of `probe --save`, or reports of `fleet probe|plan`.

    Raises:
        SetupError: `file_missing`, `file_invalid`.
    """
    found: list[tuple[str, Machine]] = []
    for path in paths:
        value = files.read_json(path, "--machine")
        data = value.get("data", value) if isinstance(value, dict) else {}
        if isinstance(data.get("hosts"), list):
            found += [
                (str(host["name"]), values.from_builtins(probe["data"], Machine, str(path)))
                for host in data["hosts"]
                if (probe := host.get("results", {}).get("probe")) and not probe["exit_code"]
            ]
        elif data.get("schema") == Machine().schema:
            found.append((path.stem, values.from_builtins(data, Machine, str(path))))
        else:
            detail = _("it is neither a saved machine nor the report of a room")
            raise SetupError("file_invalid", path=str(path), detail=detail)
    return found


def _older(one: Machine, other: Machine) -> bool:
    return glibc_of(one) != glibc_of(other) and at_least(glibc_of(other), glibc_of(one))
