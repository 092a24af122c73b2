"""Predicted, rehearsed and measured memory of a model that `verify` has just asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from setup_assistant.cli.terminal import show
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.report.receipt import MemoryLine
    from setup_assistant.site.read import Site
    from setup_assistant.verify.results import Verification


def memory_row(site: Site | None, model: str, found: Verification) -> MemoryLine | None:
    """Return the three figures, None where the site was not planned for this very model."""
    from setup_assistant.frozen_json import to_builtins
    from setup_assistant.host import paths
    from setup_assistant.report.receipt import MemoryLine
    from setup_assistant.steps.smoke_memory import asked
    from setup_assistant.steps.write_receipt import rehearsed

    if site is None or Path(model).name != site.plan.model.id.split("/")[-1]:
        return None
    plan, checks = site.plan, [to_builtins(check) for check in found.checks]
    took = asked(plan, site.machine, checks, paths.recipes_folder())
    peak = max((c.peak_memory_bytes or 0 for c in found.checks), default=0)
    fit_peak, fit_predicted = rehearsed(site.layout, plan.model.id)
    return MemoryLine(
        predicted_bytes=plan.model.need_bytes,
        rehearsed_bytes=fit_peak,
        measured_bytes=took.measured_bytes if took else peak or None,
        budget_bytes=plan.model.budget_bytes,
        asked_bytes=took.predicted_bytes if took else None,
        trial_bytes=fit_predicted,
    )


def tell(memory: MemoryLine, site: Site, found: Verification) -> None:
    """Show the row, and where the figures are far apart, why they may be."""
    from setup_assistant.report import apart

    show.line(
        _("Memory, predicted · rehearsed · measured: {figures}", figures=apart.together(memory))
    )
    machine = site.machine
    said = apart.verdict(
        memory,
        apart.Circumstances(
            transformers=found.versions.get("transformers", site.plan.transformers.version),
            planned_dtype=site.plan.model.dtype,
            ran={c.dtype for c in found.checks if c.dtype},
            capabilities=[g.compute_capability for g in machine.gpus if g.compute_capability],
            windows_gpu=machine.system.os == "Windows" and site.plan.placement.device == "cuda",
            driver=machine.driver.version or "",
        ),
    )
    if said:
        show.line(str(said))
