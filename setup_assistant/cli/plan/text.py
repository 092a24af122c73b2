"""A plan as a person reads it: what, from where, how much, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from setup_assistant.choose.plan import Alternative, Plan, Reason
from setup_assistant.choose.wishes import Wishes
from setup_assistant.cli.terminal import show
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import _
from setup_assistant.report.labels import compatibility, field, model_name, that_concern
from setup_assistant.terminal_text import pad
from setup_assistant.units_text import GIB, gib, size_text

_BAR = 16
_NONE = Wishes()
# What fits on a small screen together with the rest of the brief plan.
_MOST_WARNINGS = 3
# The marks of a quantized checkpoint in its name.
QUANTIZED = re.compile(r"-(AWQ|GPTQ|FP8|NF4|Int[48]|4bit|8bit).*$", re.IGNORECASE)


def show_plan(plan: Plan, machine: Machine, wishes: Wishes = _NONE) -> None:
    """Show what will be installed, where it comes from, what it costs, and why."""
    show.heading(_("Plan"))
    show.facts(_rows(plan, machine, wishes))
    show_reasons(plan)
    _show_warnings(that_concern(plan))
    show_alternatives(plan)


def show_brief(plan: Plan, machine: Machine, folder: str, wishes: Wishes = _NONE) -> None:
    """Show what a person decides by, on one small screen: what it costs comes last.

    The packages, the reasons and the alternatives are one key away.
    """
    warnings = that_concern(plan)
    rows = [*_model_rows(plan, machine), *_place_rows(plan, folder, wishes)]
    rows += [(f"! {field(w.about)}", str(w.message)) for w in warnings[:_MOST_WARNINGS]]
    if left := len(warnings[_MOST_WARNINGS:]):
        rows.append(("!", _("{count} more: press ?", count=left)))
    show.heading(_("Plan"))
    show.facts([*rows, *_cost_rows(plan, wishes)])


def show_reasons(plan: Plan) -> None:
    """Show why each line of the plan is as it is."""
    show.heading(_("Why"))
    show.facts((str(field(reason.about)), str(reason.message)) for reason in plan.reasons)


def show_details(plan: Plan, wishes: Wishes = _NONE) -> None:
    """Show what the brief plan leaves out: packages, sources, warnings, reasons."""
    show.heading(_("Plan"))
    show.facts([*_package_rows(plan), *_source_rows(plan, wishes)])
    _show_warnings(that_concern(plan))
    show_reasons(plan)


def show_alternatives(plan: Plan) -> None:
    """Show what else could be chosen, and what it would cost."""
    if not plan.alternatives:
        return
    chosen = plan.alternatives if show.is_verbose() else that_matter(plan)
    left = len(plan.alternatives) - len(chosen)
    more = "  " + _("({count} more with plan --verbose)", count=left) if left else ""
    show.heading(_("Alternatives") + more)
    for other in chosen:
        # On a line of its own: these names are long, and are there to be copied.
        show.line(f"  {other.what}")
        show.line(f"    {_price(other)}")


def _show_warnings(warnings: Sequence[Reason]) -> None:
    if warnings:
        show.heading(_("Warnings"))
        show.facts((str(field(w.about)), str(w.message)) for w in warnings)


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


def _rows(plan: Plan, machine: Machine, wishes: Wishes) -> Iterator[tuple[str, str]]:
    yield from _model_rows(plan, machine)
    yield from _package_rows(plan)
    yield from _source_rows(plan, wishes)
    yield from _cost_rows(plan, wishes)


def _on_disk(wishes: Wishes) -> str:
    """Return where packages are taken from that lie here already; empty where they are fetched."""
    return wishes.wheelhouse or (_("the package cache") if wishes.offline else "")


def _model_rows(plan: Plan, machine: Machine) -> Iterator[tuple[str, str]]:
    model = plan.model
    cap = _("pictures up to {megapixels} megapixels", megapixels=f"{model.max_pixels / 1e6:.1f}")
    yield _("model"), show.listed([str(model_name(model.id)), model.dtype, cap])
    yield _("runs on"), runs_on(plan, machine)
    yield _("main memory") if plan.placement.device == "cpu" else _("GPU memory"), _memory(plan)


def _place_rows(plan: Plan, folder: str, wishes: Wishes) -> Iterator[tuple[str, str]]:
    torch, sources = plan.torch, plan.sources
    main = [f"torch {torch.version} {torch.build}", f"transformers {plan.transformers.version}"]
    yield _("packages"), show.listed([*main, f"Python {plan.python} ({plan.backend})"])
    here = _on_disk(wishes)
    hosts = [here] if here else [sources.packages, torch.find_links or torch.index_url]
    hosts += [sources.weights] if plan.sizes.weights_bytes and not wishes.offline else []
    yield _("from"), show.listed(dict.fromkeys(urlsplit(h).hostname or h for h in hosts))
    if folder:
        yield _("folder"), folder


def _package_rows(plan: Plan) -> Iterator[tuple[str, str]]:
    torch = plan.torch
    fitting = compatibility(torch.compatibility)
    yield "torch", f"{torch.version} {torch.build} {show.bracketed([str(fitting)])}"
    others = (plan.torchvision, plan.transformers, plan.accelerate, plan.qwen_vl_utils)
    yield _("with"), show.listed(f"{p.name} {p.version}" for p in others)
    yield _("video decoder"), f"{plan.decoder.package} {plan.decoder.version}"
    yield "Python", _("{python}, made by {backend}", python=plan.python, backend=plan.backend)


def _source_rows(plan: Plan, wishes: Wishes) -> Iterator[tuple[str, str]]:
    torch, sizes = plan.torch, plan.sizes
    packages = size_text(sizes.packages_download_bytes)
    if here := _on_disk(wishes):
        yield _("from"), here
    else:
        yield _("download"), _("{size} from {url}", size=packages, url=plan.sources.packages)
        if torch.index_url != plan.sources.packages:
            yield _("torch from"), torch.find_links or torch.index_url
    if sizes.weights_bytes and not wishes.offline:
        weights = size_text(sizes.weights_bytes)
        yield _("weights"), _("{size} from {url}", size=weights, url=plan.sources.weights)


def _cost_rows(plan: Plan, wishes: Wishes) -> Iterator[tuple[str, str]]:
    sizes = plan.sizes
    packages = 0 if _on_disk(wishes) else sizes.packages_download_bytes
    down = size_text(packages + (0 if wishes.offline else sizes.weights_bytes))
    disk = size_text(sizes.packages_installed_bytes + sizes.weights_bytes)
    yield _("time"), _minutes(sizes.expected_seconds)
    yield _("size"), _("{download} to download, {disk} on disk", download=down, disk=disk)


def runs_on(plan: Plan, machine: Machine) -> str:
    """Return the name of what the model runs on: cards by their names, with a number of several."""
    if plan.placement.device == "cpu":
        return machine.system.cpu or "CPU"
    names = {i: g.name for g in machine.gpus for i in (g.uuid, str(g.index)) if i}
    found = [names.get(g) or (f"GPU {g}" if g.isdecimal() else g) for g in plan.placement.gpus]
    counted = {name: found.count(name) for name in found}
    return show.listed(f"{n} x {name}" if n > 1 else name for name, n in counted.items()) or "GPU"


def _memory(plan: Plan) -> str:
    model = plan.model
    need, room = model.need_bytes, model.budget_bytes
    if not room:
        return gib(need)
    text = _("{need} of {budget}", need=f"{need / GIB:.1f}", budget=gib(room))
    if model.kept_free_bytes is not None:
        free = gib(model.kept_free_bytes)
        text = _("{used}; {free} kept free", used=text, free=free)
    return f"[{pad(show.bar(need / room, _BAR), _BAR)}] {text}"


def _price(other: Alternative) -> str:
    if not other.download_bytes:
        return str(other.message)
    size = size_text(other.download_bytes)
    return _("{price} Download: {size}.", price=str(other.message), size=size)


def _minutes(seconds: float | None) -> str:
    if seconds is None:
        return _("unknown")
    from setup_assistant.times_text import rough

    return _("about {time} (estimated)", time=rough(seconds))
