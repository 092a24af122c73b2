"""The fit test: a model's real architecture with dummy weights, run once in the environment.

Prediction and measurement are of the same call. On a GPU the measurement is what the allocator
held at most, and the CUDA context that the formula counts; on a CPU it is the most that the
process had resident.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from setup_assistant.catalog import checks as catalog_checks
from setup_assistant.catalog.architecture import architecture
from setup_assistant.catalog.models import Model
from setup_assistant.choose.memory import CONTEXT, Setting, estimate
from setup_assistant.choose.rehearsal_trials import Trial
from setup_assistant.host import clock
from setup_assistant.verify import causes, child, surroundings
from setup_assistant.verify.results import Check, Proof

# Bits of a packed weight; of quantized models the memory is rehearsed, not the kernels.
BITS = {"none": 0, "nf4": 4, "awq": 4, "gptq-int4": 4, "gptq-int8": 8, "fp8": 8}
# A CPU may take minutes for a long video.
DEADLINE = 1800.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where it runs: `gpus` and `limits` (bytes of weights for each) are the plan's."""

    env: Path
    device: Literal["cpu", "cuda"]
    gpus: tuple[str, ...] = ()
    limits: tuple[int, ...] = ()
    budget: int | None = None


@dataclass(frozen=True, kw_only=True)
class Case:
    """One prompt: what was predicted for it, what was measured."""

    name: str
    status: str
    patches: int
    prompt_tokens: int
    predicted_bytes: int
    measured_bytes: int | None = None
    prompt_seconds: float | None = None
    seconds_per_token: float | None = None
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Rehearsed(Proof):
    """The outcome. `difference` is measured over predicted, less one, of the largest case.

    "unfinished" says nothing about memory: it took too long.
    """

    status: Literal["ok", "fail", "unfinished"]
    device: str
    dtype: str
    quantization: str
    cases: tuple[Case, ...]
    predicted_bytes: int
    measured_bytes: int | None
    terms: dict[str, int]
    device_map: tuple[str, ...]
    budget_bytes: int | None
    difference: float | None = None


def rehearse(
    model: Model,
    trials: Sequence[Trial],
    setting: Setting,
    place: Place,
    *,
    deadline: float = DEADLINE,
    on_case: Callable[[Case], None] = lambda _case: None,
) -> Rehearsed:
    """Run the trials in the environment, in a child whose death is a result.

    Args:
        model: what to build; quantized layers are stood in for, see `inside.packed_layers`.
        trials: the prompts, see `choose.fit`.
        setting: dtype, and the versions in the environment, for the prediction.
        place: environment and device.
        deadline: seconds for everything.
        on_case: told of each case as it ends, from another thread.
    """
    started = clock.monotonic()
    by_name = {
        t.name: Case(
            name=t.name,
            status="blocked",
            patches=t.work.patches,
            prompt_tokens=t.work.tokens,
            predicted_bytes=estimate(model, t.work, setting).total,
        )
        for t in trials
    }
    found: dict[str, Case] = {}
    checks: list[Check] = []

    def hear(check: Check) -> None:
        checks.append(check)
        if check.name in by_name and check.status != "blocked":
            found[check.name] = _measured(by_name[check.name], check, setting)
            on_case(found[check.name])

    with surroundings.scratch_folder() as scratch:
        variables = surroundings.environment(
            scratch, reader=None, device=place.device, gpus=place.gpus
        )
        request = _request(model, trials, setting, place)
        child.talk(place.env, request, deadline, variables, hear, program="rehearsal")
    cases = tuple(found.get(name, case) for name, case in by_name.items())
    need = estimate(model, largest(trials, model, setting).work, setting)
    outcome = Rehearsed(
        status="ok",
        model=model.id,
        env=str(place.env),
        device=place.device,
        dtype=setting.dtype,
        quantization=model.quantization,
        cases=cases,
        predicted_bytes=need.total,
        measured_bytes=max((c.measured_bytes or 0 for c in cases), default=0) or None,
        terms=need.terms(),
        device_map=next((c.evidence[1:] for c in checks if c.name == "build"), ()),
        budget_bytes=place.budget,
        versions=next((c.versions for c in checks if c.versions), {}),
        seconds=round(clock.monotonic() - started, 2),
    )
    failed = next((c for c in checks if c.status == "fail"), None)
    return _compared(outcome) if failed is None else _failed(outcome, failed)


def largest(trials: Sequence[Trial], model: Model, setting: Setting) -> Trial:
    """Return the trial that needs most."""
    return max(trials, key=lambda t: estimate(model, t.work, setting).total)


def _measured(case: Case, check: Check, setting: Setting) -> Case:
    held = check.values.get("reserved_bytes")
    peak = check.peak_memory_bytes
    if isinstance(held, int) and setting.part is not None:
        peak = held + CONTEXT * setting.gpus
    return replace(
        case,
        status=check.status,
        measured_bytes=peak if check.status == "ok" else None,
        prompt_seconds=_number(check, "prompt_seconds"),
        seconds_per_token=_number(check, "seconds_per_token"),
        seconds=check.seconds,
    )


def _number(check: Check, name: str) -> float | None:
    value = check.values.get(name)
    return float(value) if isinstance(value, (int, float)) else None


def _request(
    model: Model, trials: Sequence[Trial], setting: Setting, place: Place
) -> dict[str, Any]:
    vision = model.vision
    return {
        "architecture": architecture(model),
        "dtype": setting.dtype,
        "device": place.device,
        "max_memory": {str(i): size for i, size in enumerate(place.limits)},
        "merge": vision.merge,
        "patch_numbers": 3 * vision.temporal * vision.patch**2,
        "steps_apart": model.vision.steps_apart,
        "bits": BITS[model.quantization],
        "quantization": model.quantization,
        "raised": catalog_checks.load().raised,
        "checks": ("imports", "device", "build"),
        "cases": [_case_request(t) for t in trials],
    }


def _case_request(trial: Trial) -> dict[str, Any]:
    grids = [[g.steps, g.height, g.width] for g in trial.work.grids]
    return {
        "name": trial.name,
        "kind": trial.kind,
        "language": None,
        "question": None,
        "files": [],
        "images": grids if trial.kind != "video" else [],
        "videos": grids if trial.kind == "video" else [],
        "text_tokens": trial.work.text_tokens,
        "new_tokens": trial.work.new_tokens,
    }


def _compared(outcome: Rehearsed) -> Rehearsed:
    if not outcome.measured_bytes:
        return outcome
    apart = outcome.measured_bytes / outcome.predicted_bytes - 1
    return replace(outcome, difference=round(apart, 4))


def _failed(outcome: Rehearsed, check: Check) -> Rehearsed:
    cause = check.cause if causes.known(check.cause) else "child-failed"
    return replace(
        outcome,
        status="unfinished" if cause == "timeout" else "fail",
        measured_bytes=None,
        cause=cause,
        evidence=str(causes.sentence(cause, check.values)),
        remedy=str(causes.remedy(cause, check.values)),
    )
