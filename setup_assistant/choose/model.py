"""The model policy: which model, in which dtype, where, and with which caps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from setup_assistant.catalog.models import Model
from setup_assistant.choose import cpu, occupied
from setup_assistant.choose.candidates import CANARY, Ground, automatic, named
from setup_assistant.choose.memory import Need, Setting, Work, estimate
from setup_assistant.choose.placement import Seat, groups, seat
from setup_assistant.choose.plan import ModelChoice, Placement
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.choose.wishes import Wishes
from setup_assistant.choose.workloads import (
    Caps,
    caps,
    comfortable,
    least,
    modest,
    pictures,
    video,
)
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Memory
from setup_assistant.messages import msg
from setup_assistant.units_text import GIB

# Times the parameters: 72B to 7B is far, 7B to 2B is not.
FAR = 5


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A model with a place that holds it. No cards means the CPU."""

    model: Model
    setting: Setting
    cards: tuple[Card, ...]
    limits: tuple[int, ...]
    budget: int | None


def choose_model(
    ground: Ground, cards: Sequence[Card], memory: Memory, wishes: Wishes, notes: Notes
) -> tuple[ModelChoice, Placement, Pick]:
    """Return the model, where it goes, and the pick behind both.

    Raises:
        SetupError: `model_unknown`, `model_too_new`, `model_does_not_fit`,
            `memory_too_small`, `kernels_missing`.
    """
    pick = _pick(ground, cards, memory, wishes, notes)
    if wishes.model == "auto" and occupied.filled(cards):
        after = _automatic(ground, occupied.emptied(cards))
        if after and (not pick.cards or _larger(after, pick)):
            here = pick.model.id if pick.cards else ""
            occupied.tell(cards, here, after.model.id, notes)
    chosen = _caps(pick, wishes.purpose)
    choice = _choice(pick, chosen, wishes.purpose)
    _tell(pick, choice, notes)
    placement = Placement(
        device="cuda" if pick.cards else "cpu",
        gpus=tuple(c.id for c in pick.cards),
        max_memory_bytes=pick.limits,
    )
    return choice, placement, pick


def _larger(one: Pick, other: Pick) -> bool:
    return one.model.weights_bytes > other.model.weights_bytes


def find_seat(ground: Ground, model: Model, cards: Sequence[Card], *, work: Work) -> Seat | None:
    """Return the first placement of a model with room for `work`, fewest cards first."""
    for group in groups(cards):
        if model.quantization != "none" and ground.quantizer(model, group) is None:
            continue
        found = seat(model, work, group, ground.setting(model, group))
        if found:
            return found
    return None


def _pick(
    ground: Ground, cards: Sequence[Card], memory: Memory, wishes: Wishes, notes: Notes
) -> Pick:
    if wishes.model != "auto":
        return _named(ground, cards, memory, wishes, notes)
    if cards:
        found = _automatic(ground, cards)
        if found:
            if not _fits(found, modest(found.model.vision)):
                _little_room(found.model, notes)
            return found
        notes.beware(
            "placement",
            msg("No model of this family fits on these GPUs; it will run on the CPU, slowly."),
        )
    smallest = automatic(ground.recipes)[-1][0]
    return _on_cpu(ground, smallest, memory)


def _automatic(ground: Ground, cards: Sequence[Card]) -> Pick | None:
    """Return the largest model that fits in 16 bits, else quantized, else the next smaller.

    Where the next smaller size is far smaller, pictures and videos shrink before the model does.
    """
    sizes = automatic(ground.recipes)
    for models, smaller in zip(sizes, [*sizes[1:], []], strict=True):
        works = [comfortable, modest] if _far_smaller(models, smaller) else [comfortable]
        for work in works:
            for model in models:
                found = find_seat(ground, model, cards, work=work(model.vision))
                if found:
                    return _seated(ground, model, found)
    for model in sizes[-1]:
        found = find_seat(ground, model, cards, work=least(model.vision))
        if found:
            return _seated(ground, model, found)
    return None


def _far_smaller(models: Sequence[Model], smaller: Sequence[Model]) -> bool:
    if not smaller:
        return False
    here, there = (max(m.shapes.params_total for m in ms) for ms in (models, smaller))
    return here > FAR * there


def _named(
    ground: Ground, cards: Sequence[Card], memory: Memory, wishes: Wishes, notes: Notes
) -> Pick:
    model = named(ground.recipes, wishes.model, ground.pair.stack.transformers)
    if not cards:
        return _on_cpu(ground, model, memory)
    runnable = [c for c in cards if _kernels(ground, model, c)]
    if not runnable:
        raise SetupError("kernels_missing", model=model.id, gpus=", ".join(c.name for c in cards))
    found = find_seat(ground, model, runnable, work=comfortable(model.vision))
    if not found:
        found = find_seat(ground, model, runnable, work=least(model.vision))
        if found and model.id != CANARY:
            _little_room(model, notes)
    if not found:
        _refuse(ground, model, cards)
    return _seated(ground, model, found)


def _little_room(model: Model, notes: Notes) -> None:
    notes.beware(
        "model",
        msg("{model} leaves little room here: keep pictures and videos small.", model=model.id),
    )


def _kernels(ground: Ground, model: Model, card: Card) -> bool:
    return model.quantization == "none" or ground.quantizer(model, [card]) is not None


def _refuse(ground: Ground, model: Model, cards: Sequence[Card]) -> NoReturn:
    need = estimate(model, least(model.vision), ground.setting(model, cards[:1]))
    empty = occupied.emptied(cards)
    if occupied.filled(cards) and find_seat(ground, model, empty, work=least(model.vision)):
        occupied.refuse(cards, model.id, need.total)
    other = _automatic(ground, cards)
    raise SetupError(
        "model_does_not_fit",
        model=model.id,
        need=gib(need.total),
        have=gib(sum(c.budget for c in cards)),
        other=other.model.id if other else CANARY,
    )


def _seated(ground: Ground, model: Model, found: Seat) -> Pick:
    return Pick(
        model=model,
        setting=ground.setting(model, found.cards),
        cards=found.cards,
        limits=found.limits,
        budget=sum(c.budget for c in found.cards),
    )


def _on_cpu(ground: Ground, model: Model, memory: Memory) -> Pick:
    room = cpu.budget(memory)
    setting = cpu.setting(ground, model, room)
    return Pick(model=model, setting=setting, cards=(), limits=(), budget=room)


def _fits(pick: Pick, work: Work) -> bool:
    if pick.cards:
        return seat(pick.model, work, pick.cards, pick.setting) is not None
    return pick.budget is None or estimate(pick.model, work, pick.setting).total <= pick.budget


def _caps(pick: Pick, purpose: str) -> Caps:
    return caps(
        lambda work: _fits(pick, work),
        pick.model.vision,
        pick.model.shapes.max_position_embeddings,
        purpose,
        cpu=not pick.cards,
    )


def _choice(pick: Pick, chosen: Caps, purpose: str) -> ModelChoice:
    model, area = pick.model, pick.model.vision.factor**2
    need = _largest_need(pick, chosen, purpose)
    return ModelChoice(
        id=model.id,
        modelscope_id=model.modelscope_id,
        quantization=model.quantization,
        dtype=pick.setting.dtype,
        max_pixels=chosen.image_tokens * area,
        video_total_pixels=chosen.video_tokens * area,
        video_max_frames=chosen.video_frames,
        need_bytes=need.total,
        download_bytes=model.download_bytes,
        budget_bytes=pick.budget,
        terms=need.terms(),
    )


def _largest_need(pick: Pick, chosen: Caps, purpose: str) -> Need:
    vision = pick.model.vision
    count = {"try": 1, "images": 4, "video": 2}[purpose]
    works = (pictures(chosen.image_tokens, count, vision), video(chosen.video_tokens, vision))
    return max((estimate(pick.model, w, pick.setting) for w in works), key=lambda n: n.total)


def gib(count: int) -> str:
    """Return bytes as a person reads them, e.g. "15.4 GiB"."""
    return f"{count / GIB:.1f} GiB"


def _tell(pick: Pick, choice: ModelChoice, notes: Notes) -> None:
    if pick.model.id == CANARY:
        notes.because("model", msg("The canary was asked for; it ships with this tool."))
    elif pick.cards:
        notes.because(
            "model",
            msg(
                "{model} is the choice: it needs {need} at most, and {have} of GPU "
                "memory is free for it.",
                model=choice.id,
                need=gib(choice.need_bytes),
                have=gib(pick.budget or 0),
            ),
        )
    else:
        notes.because(
            "model",
            msg(
                "{model} runs on the CPU: it needs {need} of main memory.",
                model=choice.id,
                need=gib(choice.need_bytes),
            ),
        )
    megapixels = round(choice.max_pixels / 1e6, 2)
    notes.because(
        "model.max_pixels",
        msg(
            "Pictures are capped at {megapixels} megapixels, so that they fit.",
            megapixels=megapixels,
        )
        if pick.cards
        else msg(
            "Pictures are capped at {megapixels} megapixels: a CPU needs minutes for more.",
            megapixels=megapixels,
        ),
    )
    _tell_dtype(pick, choice, notes)


def _tell_dtype(pick: Pick, choice: ModelChoice, notes: Notes) -> None:
    if not pick.cards:
        message = msg("{dtype} on the CPU.", dtype=choice.dtype)
    elif choice.quantization != "none":
        message = msg("float16: the quantized kernels compute in it.")
    elif choice.dtype == "float16":
        message = msg("float16: below compute capability 8.0 bfloat16 is only emulated, slowly.")
    else:
        message = msg("bfloat16: the GPU computes in it at full speed.")
    notes.because("model.dtype", message)
