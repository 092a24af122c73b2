"""What `estimate` shows: the terms as data, and as a table with bars."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from setup_assistant.cli.estimate.verdict import say as verdict_text
from setup_assistant.cli.terminal import show
from setup_assistant.messages import _
from setup_assistant.report.labels import TERMS
from setup_assistant.units_text import GIB

if TYPE_CHECKING:
    from setup_assistant.catalog.models import Model
    from setup_assistant.choose.memory import Need, Setting, Work
    from setup_assistant.cli.estimate.verdict import Verdict
    from setup_assistant.cli.estimate.ways import Beside


@dataclass(frozen=True, kw_only=True)
class Told:
    """An estimate with all that is told of it; `rough` names what no published figure checks."""

    model: Model
    setting: Setting
    work: Work
    need: Need
    verdict: Verdict | None = None
    rough: tuple[str, ...] = ()
    beside: Beside


def data(told: Told) -> dict[str, Any]:
    """Return the estimate for other programs; sizes in bytes."""
    model, setting, work, need = told.model, told.setting, told.work, told.need
    return {
        "verdict": asdict(told.verdict) if told.verdict else None,
        "rough": list(told.rough),
        "batch": work.batch,
        "shown_bytes": need.total + need.shown,
        "model": model.id,
        "quantization": model.quantization,
        "dtype": setting.dtype,
        "transformers": setting.transformers,
        "torch": setting.torch,
        "compute_capability": setting.part,
        "attention": setting.attention,
        "gpus": setting.gpus,
        "prompt_tokens": work.tokens,
        "positions": model.shapes.max_position_embeddings,
        "within_positions": not _too_long(model, work),
        "patches": work.patches,
        "vision_tokens": [grid.tokens for grid in work.grids],
        "download_bytes": model.download_bytes,
        "need_bytes": need.total,
        "allocated_bytes": need.allocated,
        "measure": "allocated" if setting.preview else "process",
        "terms": need.terms(),
        **told.beside.data,
    }


def tell(told: Told) -> None:
    """Show the verdict, and the terms, each beside its share of the whole."""
    model, setting, work, need = told.model, told.setting, told.work, told.need
    if told.verdict:
        show.line(verdict_text(told.verdict))
    show.heading(
        _(
            "{model}: {gib} GiB, in {dtype}",
            model=model.id,
            gib=_gib(need.total),
            dtype=told.beside.numbers or setting.dtype,
        )
    )
    rows = [(str(TERMS[term]), count) for term, count in need.terms().items()]
    rows.append((_("needed in all"), need.total))
    show.table([[n, f"{_gib(count)} GiB", show.bar(count / need.total)] for n, count in rows])
    show.line(_("The prompt has {tokens} tokens.", tokens=work.tokens))
    if not told.beside.numbers:
        show.line(
            _("Vision, prompt and logits follow each other: the largest counts, not their sum.")
        )
    for line in told.beside.lines:
        show.line(line)
    if told.beside.command:
        show.command(told.beside.command)
    if _too_long(model, work):
        show.line(
            _(
                "That and the answer are more than the {positions} positions that this model was "
                "made for: its answers would be wrong. Give a smaller --fps or --total-pixels for "
                "videos, a smaller --max-pixels for pictures.",
                positions=model.shapes.max_position_embeddings,
            )
        )
    if told.rough:
        show.line(
            _(
                "A rough estimate: no published figure checks the whole formula for {what}.",
                what=show.listed(told.rough),
            )
        )
    if need.shown:
        show.line(
            _(
                "On a card with room nvidia-smi shows up to {gib} GiB: eager attention frees and "
                "takes its scores again in another place. What is needed is the figure above.",
                gib=_gib(need.total + need.shown),
            )
        )
    if setting.preview:
        show.line(
            _(
                "No transformers before 4.45 knows this model but its authors' previews: the "
                "figure counts as their tables do, by torch's own peak, without a CUDA context."
            )
        )
    elif not told.beside.lines:
        show.line(
            _(
                "That is the whole process, as nvidia-smi shows it; torch's own peak "
                "(max_memory_allocated) is {gib} GiB.",
                gib=_gib(need.allocated),
            )
        )


def _too_long(model: Model, work: Work) -> bool:
    return work.tokens + work.new_tokens > model.shapes.max_position_embeddings


def _gib(count: int) -> str:
    return f"{count / GIB:.2f}"
