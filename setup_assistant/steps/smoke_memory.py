"""Memory of the smoke test: what it took, beside what the formula says of the very same call.

The plan's own figure is for the largest pictures and videos that it allows, and the questions of
a smoke test are far smaller; only the same call can be compared both ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from setup_assistant.catalog.models import Model, Vision
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.memory import CONTEXT, Setting, Work, estimate
from setup_assistant.choose.model_names import find
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.vision_tokens import MARKERS, Grid
from setup_assistant.machine.facts import Machine
from setup_assistant.report.build import Asked
from setup_assistant.versions import numbers


def asked(
    plan: Plan, machine: Machine, checks: Iterable[Mapping[str, Any]], recipes: Path
) -> Asked | None:
    """Return the question that took most, None where no check says what it was given."""
    model = find(load_all(recipes).models, plan.model.id)
    if model is None:
        return None
    setting = planned_setting(plan, machine)
    found = [_one(model, setting, check) for check in checks]
    return max((a for a in found if a), key=lambda a: a.measured_bytes, default=None)


def _one(model: Model, setting: Setting, check: Mapping[str, Any]) -> Asked | None:
    values, peak = check.get("values") or {}, check.get("peak_memory_bytes")
    work = _work(values, model.vision)
    if work is None or not isinstance(peak, int):
        return None
    ran = setting if check.get("device") == "cuda" else replace(setting, part=None, gpus=1)
    held = values.get("reserved_bytes")
    if isinstance(held, int) and ran.part is not None:
        peak = held + CONTEXT * ran.gpus
    return Asked(predicted_bytes=estimate(model, work, ran).total, measured_bytes=peak)


def _work(values: Mapping[str, Any], vision: Vision) -> Work | None:
    """Return what a check was given, as it says itself: tokens, and "1x98x146 1x98x146"."""
    tokens, said = values.get("prompt_tokens"), values.get("grids")
    if not isinstance(tokens, int) or not isinstance(said, str):
        return None
    grids = tuple(_grid(part, vision) for part in said.split())
    text = tokens - sum(g.tokens + MARKERS for g in grids)
    return Work(grids=grids, text_tokens=text, new_tokens=int(values.get("new_tokens", 0)))


def _grid(said: str, vision: Vision) -> Grid:
    steps, height, width = (int(side) for side in said.split("x"))
    return Grid(steps, height, width, vision.merge)


def planned_setting(plan: Plan, machine: Machine) -> Setting:
    """Return what was planned: that another version or dtype ran shall show as a difference."""
    parts = [
        g.compute_capability
        for g in machine.gpus
        if g.compute_capability and (g.uuid or str(g.index)) in plan.placement.gpus
    ]
    return Setting(
        dtype=plan.model.dtype,
        part=min(parts, default="8.0", key=numbers),
        transformers=plan.transformers.version,
        torch=plan.torch.version,
        gpus=max(1, len(plan.placement.gpus)),
    )
