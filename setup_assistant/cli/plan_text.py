"""A plan as a person reads it."""

from __future__ import annotations

from setup_assistant.choose.plan import Plan
from setup_assistant.cli import show
from setup_assistant.words import _

GB = 1e9
GIB = 1 << 30


def show_plan(plan: Plan) -> None:
    """Show what will be installed, where it goes, what it costs, and why."""
    show.heading(_("Plan"))
    show.table(_rows(plan))
    show.heading(_("Why"))
    show.table([[reason.about, str(reason.message)] for reason in plan.reasons])
    if plan.warnings:
        show.heading(_("Look out"))
        show.table([[warning.about, str(warning.message)] for warning in plan.warnings])
    if plan.alternatives:
        show.heading(_("Instead"))
        show.table([[other.what, str(other.message)] for other in plan.alternatives])


def _rows(plan: Plan) -> list[list[str]]:
    model, torch, sizes = plan.model, plan.torch, plan.sizes
    return [
        ["torch", f"{torch.version} · {torch.build} · {torch.compatibility}"],
        ["torchvision", plan.torchvision.version],
        ["transformers", plan.transformers.version],
        [_("video decoder"), f"{plan.decoder.package} {plan.decoder.version}"],
        ["Python", _("{python}, made by {backend}", python=plan.python, backend=plan.backend)],
        [_("model"), f"{model.id} · {model.dtype}"],
        [_("runs on"), _where(plan)],
        [_("memory needed"), f"{model.need_bytes / GIB:.1f} GiB"],
        [_("largest picture"), _("{megapixels} megapixels", megapixels=_mega(model.max_pixels))],
        [
            _("download"),
            _(
                "about {packages} GB of packages, {weights} GB of weights",
                packages=f"{sizes.packages_download_bytes / GB:.1f}",
                weights=f"{sizes.weights_bytes / GB:.1f}",
            ),
        ],
        [_("on disk"), _gb(sizes.packages_installed_bytes + sizes.weights_bytes)],
        [_("time"), _minutes(sizes.expected_seconds)],
    ]


def _where(plan: Plan) -> str:
    if plan.placement.device == "cpu":
        return "CPU"
    return ", ".join(plan.placement.gpus)


def _mega(pixels: int) -> str:
    return f"{pixels / 1e6:.1f}"


def _gb(count: int) -> str:
    return f"{count / GB:.1f} GB"


def _minutes(seconds: float | None) -> str:
    if seconds is None:
        return _("unknown")
    return _("about {minutes} minutes (estimated)", minutes=max(1, round(seconds / 60)))
