"""From machines and plans to the kinds of machine a bundle is for: the oldest of each counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from setup_assistant import frozen_json
from setup_assistant.catalog.recipes import Recipes
from setup_assistant.choose import plan_json
from setup_assistant.choose.backend import CONDA_LIKE, RATTLER
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.planner import make_plan
from setup_assistant.choose.wishes import OF_A_ROOM, Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.machine.facts import Machine, Source
from setup_assistant.messages import _
from setup_assistant.versions import at_least

OLDEST_GLIBC = "2.17"
_PLAN, _MACHINE = "setup-assistant/plan/", Machine().schema


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Machines that run one plan, whose platform has the oldest C library among them.

    `planned`: it was given as a plan, without any machine.
    """

    plan: Plan
    hosts: tuple[str, ...]
    planned: bool = False

    @property
    def key(self) -> str:
        """What decides packages and model."""
        return f"{plan_key(self.plan)} {self.plan.model.id}"

    @property
    def conda(self) -> bool:
        """Whether its environments are conda's."""
        return is_conda(self.plan.backend)


@dataclass(frozen=True, kw_only=True)
class Left:
    """A machine that no plan was found for, and why."""

    host: str
    reason: str


def kinds(
    machines: Iterable[tuple[str, Machine | Plan]],
    wishes: Wishes,
    sources: tuple[Source, ...],
    recipes: Recipes,
    models: Mapping[str, str] | None = None,
) -> tuple[tuple[Kind, ...], tuple[Left, ...]]:
    """Return the kinds of machine among `machines` (name, facts), and those without a plan.

    All are planned for with the sources of this machine, which is the one that downloads. A plan
    in place of a machine is taken as it is. `models` are those that machines were planned with,
    by name: where auto would choose, they stay.
    """
    found: dict[tuple[str, bool], Kind] = {}
    left = []
    for host, given in machines:
        try:
            chosen = (models or {}).get(host) if wishes.model == "auto" else None
            wished = replace(wishes, model=chosen) if chosen else wishes
            kind = _kind(host, given, wished, sources, recipes)
        except SetupError as error:
            left.append(Left(host=host, reason=str(error.message)))
            continue
        system = kind.plan.platform.os
        if system != "Linux":
            reason = _("bundles are for Linux: there is no agent for {system}", system=system)
            left.append(Left(host=host, reason=reason))
            continue
        key = (kind.key, kind.planned)
        known = found.get(key)
        if known is not None:
            plan = kind.plan if _older(kind.plan, known.plan) else known.plan
            kind = replace(known, plan=plan, hosts=(*known.hosts, host))
        found[key] = kind
    return tuple(found.values()), tuple(left)


def _kind(
    host: str,
    given: Machine | Plan,
    wishes: Wishes,
    sources: tuple[Source, ...],
    recipes: Recipes,
) -> Kind:
    if planned := isinstance(given, Plan):
        plan = given
    else:
        plan = make_plan(replace(given, sources=sources), wishes, recipes)
    oldest = plan.platform.glibc or (OLDEST_GLIBC if plan.platform.os == "Linux" else "")
    plan = replace(plan, platform=replace(plan.platform, glibc=oldest))
    return Kind(plan=plan, hosts=(host,), planned=planned)


def is_conda(backend: str) -> bool:
    """Whether an engine makes conda environments."""
    return backend in (*CONDA_LIKE, RATTLER)


def plan_key(plan: Plan) -> str:
    """Return what decides which packages a machine gets."""
    parts = [
        plan.platform.os, plan.platform.arch, f"python{plan.python}",
        *(["conda"] if is_conda(plan.backend) else []),
        f"torch{plan.torch.version}-{plan.torch.build}",
        *(f"{p.name}{p.version}" for p in plan.packages),
        f"{plan.decoder.package}{plan.decoder.version}",
    ]  # fmt: skip
    return " ".join(parts)


def given_in(paths: Sequence[Path]) -> list[tuple[str, Machine | Plan]]:
    """Return what is in files: of `probe --save`, `plan --save`, their `--json`, or of `fleet`.

    Raises:
        SetupError: `file_missing`, `file_invalid`.
    """
    return [given for path in paths for given in _given(path)]


def room_in(paths: Sequence[Path]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what the rooms of reports were asked for, and host → the model planned for it.

    Raises:
        SetupError: `file_invalid`, also where two rooms were asked for different things.
    """
    asked: dict[str, Any] | None = None
    models: dict[str, str] = {}
    for path in paths:
        value = files.read_json(path, "--machine")
        data = value.get("data", value) if isinstance(value, dict) else {}
        if not (isinstance(data, dict) and isinstance(data.get("hosts"), list)):
            continue
        said = data.get("wishes")
        mine = {k: v for k, v in said.items() if k in OF_A_ROOM} if isinstance(said, dict) else {}
        # What somebody wrote there has to be wishes.
        frozen_json.from_builtins(mine, Wishes, str(path))
        if asked not in (None, mine):
            detail = _("its room was asked for other things than that of the file before it")
            raise SetupError("file_invalid", path=str(path), detail=detail)
        asked = mine
        for host in data["hosts"]:
            plan = (host.get("results", {}).get("plan") or {}).get("data") or {}
            if isinstance(plan, dict) and isinstance(plan.get("model"), dict):
                models[str(host["name"])] = str(plan["model"].get("id", ""))
    return asked or {}, models


def _given(path: Path) -> list[tuple[str, Machine | Plan]]:
    value = files.read_json(path, "--machine")
    data = value.get("data", value) if isinstance(value, dict) else {}
    if isinstance(data, dict) and isinstance(data.get("hosts"), list):
        return [
            (str(host["name"]), _machine(probe["data"], path))
            for host in data["hosts"]
            if (probe := host.get("results", {}).get("probe")) and not probe["exit_code"]
        ]
    schema = str(data.get("schema", "")) if isinstance(data, dict) else ""
    if schema == _MACHINE:
        return [(path.stem, _machine(data, path))]
    if schema.startswith(_PLAN):
        return [(path.stem, _plan(data, path))]
    detail = _("it is neither a saved machine, nor a plan, nor the report of a room")
    raise SetupError("file_invalid", path=str(path), detail=detail)


def _machine(data: object, path: Path) -> Machine:
    return frozen_json.from_builtins(data, Machine, str(path))


def _plan(data: dict[str, Any], path: Path) -> Plan:
    # `up --dry-run --json` adds where it would be.
    plain = {k: v for k, v in data.items() if k not in ("site", "dry_run")}
    plan = plan_json.from_json(plain, str(path))
    if not plan.platform.os:
        detail = _("it does not say for which system; plan again")
        raise SetupError("file_invalid", path=str(path), detail=detail)
    return plan


def _older(one: Plan, other: Plan) -> bool:
    mine, theirs = one.platform.glibc, other.platform.glibc
    return bool(mine and theirs) and mine != theirs and at_least(theirs, mine)
