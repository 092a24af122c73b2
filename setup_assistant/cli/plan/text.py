"""A plan as a person reads it: what, from where, how much, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setup_assistant.choose.plan import Alternative, Plan
from setup_assistant.cli.terminal import show
from setup_assistant.messages import _
from setup_assistant.report.labels import compatibility, field, that_concern
from setup_assistant.terminal_text import pad
from setup_assistant.units_text import GIB, size_text

_BAR = 16
# The marks of a quantized checkpoint in its name.
QUANTIZED = re.compile(r"-(AWQ|GPTQ|FP8|NF4|Int[48]|4bit|8bit).*$", re.IGNORECASE)


def show_plan(plan: Plan, *, whole: bool = True) -> None:
    """Show what will be installed, where it comes from, and what it costs.

    `whole` adds the reason of every line; without it they are one key or one command away.
    """
    show.heading(_("Plan"))
    show.facts(_rows(plan))
    if whole or show.is_verbose():
        show_reasons(plan)
    if warnings := that_concern(plan):
        show.heading(_("Warnings"))
        show.facts((str(field(w.about)), str(w.message)) for w in warnings)
    chosen = plan.alternatives if show.is_verbose() else that_matter(plan)
    if plan.alternatives:
        left = len(plan.alternatives) - len(chosen)
        more = "  " + _("({count} more with --verbose)", count=left) if left and whole else ""
        show.heading(_("Alternatives") + more)
        for other in chosen:
            # On a line of its own: these names are long, and are there to be copied.
            show.line(f"  {other.what}")
            show.line(f"    {_price(other)}")


def show_reasons(plan: Plan) -> None:
    """Show why each line of the plan is as it is."""
    show.heading(_("Why"))
    show.facts((str(field(reason.about)), str(reason.message)) for reason in plan.reasons)


def that_matter(plan: Plan) -> tuple[Alternative, ...]:
    """Return the alternatives worth a thought: larger, smaller, quantized, another wheel."""
    need = plan.model.need_bytes
    base = QUANTIZED.sub("", plan.model.id)
    models = [a for a in plan.alternatives if a.kind == "model" and a.what != "canary"]
    whole = [a for a in models if not QUANTIZED.search(a.what)]
    larger = [a for a in whole if (a.need_bytes or 0) > need]
    smaller = [a for a in whole if (a.need_bytes or 0) < need]
    quantized = [a for a in models if QUANTIZED.sub("", a.what) == base and a not in whole]
    found = [
        min(larger, key=lambda a: a.need_bytes or 0, default=None),
        max(smaller, key=lambda a: a.need_bytes or 0, default=None),
        max(quantized, key=lambda a: (a.fits, a.need_bytes or 0), default=None),
        next((a for a in plan.alternatives if a.kind == "wheel"), None),
    ]
    return tuple(a for a in found if a is not None)


def _rows(plan: Plan) -> Iterator[tuple[str, str]]:
    model, torch, sizes = plan.model, plan.torch, plan.sizes
    cap = _("pictures up to {megapixels} megapixels", megapixels=f"{model.max_pixels / 1e6:.1f}")
    yield _("model"), f"{model.id}, {model.dtype}, {cap}"
    yield _("runs on"), _where(plan)
    yield _("main memory") if plan.placement.device == "cpu" else _("GPU memory"), _memory(plan)
    yield "torch", f"{torch.version} {torch.build} ({compatibility(torch.compatibility)})"
    yield (
        _("with"),
        ", ".join(
            f"{p.name} {p.version}"
            for p in (plan.torchvision, plan.transformers, plan.accelerate, plan.qwen_vl_utils)
        ),
    )
    yield _("video decoder"), f"{plan.decoder.package} {plan.decoder.version}"
    yield "Python", _("{python}, made by {backend}", python=plan.python, backend=plan.backend)
    packages = size_text(sizes.packages_download_bytes)
    yield _("download"), _("{size} from {url}", size=packages, url=plan.sources.packages)
    if torch.index_url != plan.sources.packages:
        yield _("torch from"), torch.find_links or torch.index_url
    if sizes.weights_bytes:
        weights = size_text(sizes.weights_bytes)
        yield _("weights"), _("{size} from {url}", size=weights, url=plan.sources.weights)
    yield _("on disk"), size_text(sizes.packages_installed_bytes + sizes.weights_bytes)
    yield _("time"), _minutes(sizes.expected_seconds)


def _where(plan: Plan) -> str:
    if plan.placement.device == "cpu":
        return "CPU"
    return ", ".join(f"GPU {g}" if g.isdecimal() else g for g in plan.placement.gpus) or "GPU"


def _memory(plan: Plan) -> str:
    need, budget = plan.model.need_bytes, plan.model.budget_bytes
    needed = f"{need / GIB:.1f} GiB"
    if not budget:
        return needed
    text = _("{need} of {budget}", need=needed, budget=f"{budget / GIB:.1f} GiB")
    return f"[{pad(show.bar(need / budget, _BAR), _BAR)}] {text}"


def _price(other: Alternative) -> str:
    if not other.download_bytes:
        return str(other.message)
    size = size_text(other.download_bytes)
    return _("{price} Download: {size}.", price=str(other.message), size=size)


def _minutes(seconds: float | None) -> str:
    if seconds is None:
        return _("unknown")
    from setup_assistant.cli.terminal.progress import rough

    return _("about {time} (estimated)", time=rough(seconds))
