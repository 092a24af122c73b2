"""Whether it fits on a card: the first line of `estimate`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from setup_assistant.errors import SetupError
from setup_assistant.messages import _
from setup_assistant.units_text import GIB

if TYPE_CHECKING:
    from setup_assistant.catalog.models import Model
    from setup_assistant.catalog.recipes import Recipes
    from setup_assistant.choose.memory import Work
    from setup_assistant.choose.usable_gpus import Card
    from setup_assistant.cli.estimate.ways import Way

# What a driver keeps for itself on an idle card.
_IDLE_SHARE = 0.965
_MIN_PIXELS = 100_352


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`fits`, `cap` (with the largest cap of pictures and frames), or `no` with what would do."""

    status: Literal["fits", "cap", "no"]
    gpu: str
    budget_bytes: int
    kept_free_bytes: int
    max_pixels: int | None = None
    instead: tuple[str, ...] = ()


def card_of(wish: str | None) -> Card | None:
    """Return the card of a name or UUID, or this machine's own with the most room.

    Raises:
        SetupError: `usage` for a name that nobody knows, or no one size of memory belongs to.
    """
    from setup_assistant.catalog import gpu_words, gpus
    from setup_assistant.choose.reasons import Notes
    from setup_assistant.choose.usable_gpus import cards_of
    from setup_assistant.choose.wishes import Wishes
    from setup_assistant.machine.facts import Gpu, Machine
    from setup_assistant.machine.probe import probe

    named = bool(wish) and not str(wish).upper().startswith(("GPU-", "MIG-"))
    if wish and named:
        known = gpu_words.spoken(wish)
        if known.compute_capability is None or known.memory_bytes is None:
            raise _unknown(wish, gpu_words.near(wish), known.compute_capability is not None)
        card = Gpu(
            name=wish,
            compute_capability=known.compute_capability,
            memory_total_bytes=known.memory_bytes,
            memory_free_bytes=int(known.memory_bytes * _IDLE_SHARE),
            display_active=False,
        )
        machine = Machine(gpus=(card,))
    else:
        machine = probe(sources=False)
    cards = cards_of(machine, Wishes(), gpus.table(), Notes())
    if wish and not named:
        cards = [c for c in cards if c.id.lower() == wish.lower()]
        if not cards:
            raise _unknown(wish, ())
    return max(cards, key=lambda c: c.budget, default=None)


def judge(
    card: Card,
    way: Way,
    model: Model,
    work_at: Callable[[int | None], Work],
    recipes: Recipes,
) -> Verdict:
    """Return the verdict on one use of a model.

    Args:
        card: where it is to run.
        way: how it is used.
        model: the model.
        work_at: the call's work under a cap of pictures and frames; None for the cap asked for.
        recipes: the other models, for what would fit instead.
    """

    def total(cap: int | None) -> int:
        return way.count(model, work_at(cap)).total

    need, room = total(None), card.budget * way.cards
    if need <= room:
        return Verdict(status="fits", gpu=card.name, budget_bytes=room, kept_free_bytes=room - need)
    cap = _largest_cap(lambda cap: total(cap) <= room) if work_at(None).grids else None
    if cap is not None:
        left = room - total(cap)
        return Verdict(
            status="cap", gpu=card.name, budget_bytes=room, kept_free_bytes=left, max_pixels=cap
        )
    return Verdict(
        status="no",
        gpu=card.name,
        budget_bytes=room,
        kept_free_bytes=0,
        instead=_instead(model, way, room, work_at(_MIN_PIXELS), recipes),
    )


def say(verdict: Verdict) -> str:
    """Return the verdict as a sentence."""
    room, free = _gib(verdict.budget_bytes), _gib(verdict.kept_free_bytes)
    if verdict.status == "fits":
        return _(
            "Fits on {gpu}: {free} GiB of the {room} GiB that may be used are kept free.",
            gpu=verdict.gpu, free=free, room=room,
        )  # fmt: skip
    if verdict.status == "cap":
        return _(
            "Fits on {gpu} with a cap: --max-pixels {cap} keeps {free} GiB of {room} GiB free.",
            gpu=verdict.gpu, cap=verdict.max_pixels, free=free, room=room,
        )  # fmt: skip
    if not verdict.instead:
        return _("Does not fit on {gpu}, which has {room} GiB to give.", gpu=verdict.gpu, room=room)
    return _(
        "Does not fit on {gpu}, which has {room} GiB to give. These would: {models}.",
        gpu=verdict.gpu, room=room, models=", ".join(verdict.instead),
    )  # fmt: skip


def _largest_cap(fits: Callable[[int], bool]) -> int | None:
    low, high = _MIN_PIXELS, 12_845_056
    if not fits(low):
        return None
    while high - low > 28 * 28:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low // (28 * 28) * (28 * 28)


def _instead(model: Model, way: Way, room: int, work: Work, recipes: Recipes) -> tuple[str, ...]:
    """Return the two largest models of the family that would hold a small picture there."""
    found = []
    for other in recipes.models:
        usual = other.quantization in {"none", "nf4"} and other.family == model.family
        if not usual or other.id == model.id or not way.takes(other):
            continue
        if (need := way.count(other, work).total) <= room:
            found.append((need, other.id))
    return tuple(name for _need, name in sorted(found, reverse=True)[:2])


def _unknown(wish: str, near: tuple[str, ...], sizes: bool = False) -> SetupError:
    detail = (
        _("{gpu} is sold with several sizes of memory; write it behind, as in {gpu} 12GB", gpu=wish)
        if sizes
        else _(
            "no one GPU is known as {gpu!r}; do you mean {names}?", gpu=wish, names=", ".join(near)
        )
        if near
        else _("no GPU is known as {gpu!r}; give its full name or its UUID", gpu=wish)
    )
    return SetupError("usage", detail=f"--gpu: {detail}", verb="estimate")


def _gib(count: int) -> str:
    return f"{count / GIB:.1f}"
