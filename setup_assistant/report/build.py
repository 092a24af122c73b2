"""Build a receipt from what the steps left behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

import msgspec

from setup_assistant.choose.plan import Plan
from setup_assistant.machine.facts import Machine
from setup_assistant.report.labels import LIMITS, that_concern
from setup_assistant.report.receipt import (
    CheckLine,
    Environment,
    GpuLine,
    MachineLine,
    MemoryLine,
    ModelLine,
    PlanLine,
    Receipt,
    SizeLine,
    StepLine,
    TorchLine,
)

Check = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Memory of the smoke test's largest question: by formula, and as the process took it."""

    predicted_bytes: int
    measured_bytes: int


def build_receipt(
    *,
    when: str,
    tool_version: str,
    machine: Machine,
    plan: Plan,
    environment: Environment,
    steps: Mapping[str, float | None],
    canary: Iterable[Check] = (),
    smoke: Iterable[Check] = (),
    rehearsed_bytes: int | None = None,
    trial_bytes: int | None = None,
    asked: Asked | None = None,
    environment_on_disk_bytes: int | None = None,
    weights_on_disk_bytes: int | None = None,
    resume: str | None = None,
) -> Receipt:
    """Return the receipt of a run.

    Args:
        when: UTC time, ISO 8601.
        tool_version: version of this tool.
        machine: what was probed.
        plan: what was planned.
        environment: what is installed.
        steps: step → seconds it took, in order; None where it was found done.
        canary: the canary's checks as JSON objects (`name`, `status`, `expected`, …).
        smoke: the model's checks, likewise.
        rehearsed_bytes: peak of the fit test with dummy weights.
        trial_bytes: what was predicted for that very fit test.
        asked: what the largest smoke test took, and what was predicted for it.
        environment_on_disk_bytes: what the environment occupies.
        weights_on_disk_bytes: what the weights occupy.
        resume: the command that goes on, if anything is left to do.

    Raises:
        msgspec.ValidationError: a check has a key of the wrong type.
    """
    checks = (*_checks(canary, "canary"), *_checks(smoke, "smoke"))
    return Receipt(
        when=when,
        tool_version=tool_version,
        status="partial" if resume else "done",
        machine=_machine(machine),
        plan=_plan(plan),
        environment=environment,
        steps=tuple(StepLine(name=n, seconds=s) for n, s in steps.items()),
        checks=checks,
        memory=MemoryLine(
            predicted_bytes=plan.model.need_bytes,
            rehearsed_bytes=rehearsed_bytes,
            measured_bytes=asked.measured_bytes if asked else _measured(checks, plan),
            budget_bytes=plan.model.budget_bytes,
            trial_bytes=trial_bytes,
            asked_bytes=asked.predicted_bytes if asked else None,
        ),
        sizes=_line(
            SizeLine,
            plan.sizes,
            environment_on_disk_bytes=environment_on_disk_bytes,
            weights_on_disk_bytes=weights_on_disk_bytes,
        ),
        limits=tuple(limit.english for limit in LIMITS),
        next=resume,
    )


def _checks(found: Iterable[Check], suite: Literal["canary", "smoke"]) -> tuple[CheckLine, ...]:
    return tuple(msgspec.convert({**check, "suite": suite}, CheckLine) for check in found)


def _line(kind: type[T], value: object, **more: object) -> T:
    """Return a line with what the value calls alike, and more."""
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    return kind(**{n: getattr(value, n) for n in names if hasattr(value, n)}, **more)


def _measured(checks: tuple[CheckLine, ...], plan: Plan) -> int | None:
    """Return the planned model's own peak: the canary's says nothing about a larger one."""
    suite = "canary" if plan.model.id == "canary" else "smoke"
    return max((c.peak_memory_bytes or 0 for c in checks if c.suite == suite), default=0) or None


def _machine(machine: Machine) -> MachineLine:
    return _line(
        MachineLine,
        machine.system,
        memory_bytes=machine.memory.total_bytes,
        driver=machine.driver.version,
        cuda=machine.driver.cuda,
        gpus=tuple(_line(GpuLine, g) for g in machine.gpus),
    )


def _plan(plan: Plan) -> PlanLine:
    return PlanLine(
        torch=_line(TorchLine, plan.torch),
        versions={**plan.versions, "python": plan.python},
        model=_line(ModelLine, plan.model, device=plan.placement.device, gpus=plan.placement.gpus),
        backend=plan.backend,
        warnings=tuple(w.message for w in that_concern(plan)),
    )
