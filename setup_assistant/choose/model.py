"""The model policy: which model, in which dtype, where, and with which caps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from setup_assistant.catalog.models import Model
from setup_assistant.choose import occupied
from setup_assistant.choose.candidates import CANARY, Ground
from setup_assistant.choose.memory import Work, estimate
from setup_assistant.choose.model_names import named
from setup_assistant.choose.pick import (
    Pick,
    family_sizes,
    find_seat,
    for_purpose,
    largest_with_room,
    on_cpu,
    seated,
    with_little_room,
)
from setup_assistant.choose.placement import seat
from setup_assistant.choose.plan import ModelChoice, Placement
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.choose.wishes import Wishes
from setup_assistant.choose.workloads import Caps, caps, least, most_tokens, pictures, video
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Memory
from setup_assistant.units_text import gib


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
        after = largest_with_room(ground, occupied.emptied(cards), wishes.purpose)
        if after and (not pick.cards or after.model.weights_bytes > pick.model.weights_bytes):
            here = pick.model.id if pick.cards else ""
            occupied.tell(cards, here, after.model.id, notes)
    choice = _choice(pick, _caps(ground, pick, wishes), ground.count(wishes.purpose))
    placement = Placement(
        device="cuda" if pick.cards else "cpu",
        gpus=tuple(c.id for c in pick.cards),
        max_memory_bytes=pick.limits,
    )
    return choice, placement, pick


def _pick(
    ground: Ground, cards: Sequence[Card], memory: Memory, wishes: Wishes, notes: Notes
) -> Pick:
    if wishes.model != "auto":
        return _named(ground, cards, memory, wishes, notes)
    if cards:
        found = largest_with_room(ground, cards, wishes.purpose)
        if found is None and ground.disk is not None:
            # Too little disk for any: then for the smallest, as the plan warns.
            least_files = max(m.download_bytes for m in family_sizes(ground)[-1])
            found = largest_with_room(replace(ground, disk=least_files), cards, wishes.purpose)
        if found:
            return found
        found = with_little_room(ground, cards)
        if found:
            little_room(found.model, notes)
            return found
        notes.beware(
            "placement",
            "No model of this family fits on these GPUs; it will run on the CPU, slowly.",
        )
    smallest = family_sizes(ground)[-1][0]
    return on_cpu(ground, smallest, memory)


def _named(
    ground: Ground, cards: Sequence[Card], memory: Memory, wishes: Wishes, notes: Notes
) -> Pick:
    model = named(ground.recipes, wishes.model, ground.pair.stack.transformers)
    if not cards:
        return on_cpu(ground, model, memory)
    runnable = [c for c in cards if model.quantization == "none" or ground.quantizer(model, [c])]
    if not runnable:
        raise SetupError("kernels_missing", model=model.id, gpus=", ".join(c.name for c in cards))
    found = for_purpose(ground, model, runnable, wishes.purpose)
    if not found:
        found = find_seat(ground, model, runnable, [least(model.vision)])
        if found and model.id != CANARY:
            little_room(model, notes)
    if not found:
        _refuse(ground, model, cards, wishes.purpose)
    return seated(ground, model, found, cards)


def little_room(model: Model, notes: Notes) -> None:
    """Warn of a model with less room than its purpose asks for."""
    notes.beware(
        "model", "{model} leaves little room here: keep pictures and videos small.", model=model.id
    )


def _refuse(ground: Ground, model: Model, cards: Sequence[Card], purpose: str) -> NoReturn:
    need = estimate(model, least(model.vision), ground.setting(model, cards[:1]))
    empty = occupied.emptied(cards)
    if occupied.filled(cards) and find_seat(ground, model, empty, [least(model.vision)]):
        occupied.refuse(cards, model.id, need.total)
    other = largest_with_room(ground, cards, purpose)
    raise SetupError(
        "model_does_not_fit",
        model=model.id,
        need=gib(need.total),
        have=gib(sum(c.budget for c in cards)),
        other=other.model.id if other else CANARY,
    )


def _fits(pick: Pick, work: Work) -> bool:
    if pick.cards:
        return seat(pick.model, work, pick.room, pick.setting) is not None
    return pick.budget is None or estimate(pick.model, work, pick.setting).total <= pick.budget


def _caps(ground: Ground, pick: Pick, wishes: Wishes) -> Caps:
    vision = pick.model.vision
    found = caps(
        lambda work: _fits(pick, work),
        vision,
        pick.model.shapes.max_position_embeddings,
        ground.count(wishes.purpose),
        cpu=not pick.cards,
    )
    if wishes.max_pixels:
        tokens = max(1, wishes.max_pixels // vision.factor**2)
        found = replace(found, image_tokens=min(found.image_tokens, tokens))
    if wishes.max_frames:
        even = wishes.max_frames // vision.temporal * vision.temporal
        found = replace(found, video_frames=min(found.video_frames, even))
    return found


def _choice(pick: Pick, chosen: Caps, count: int) -> ModelChoice:
    model, area = pick.model, pick.model.vision.factor**2
    works = _works(pick, chosen, count)
    need = max((estimate(model, w, pick.setting) for w in works), key=lambda need: need.total)
    return ModelChoice(
        id=model.id,
        modelscope_id=model.modelscope_id,
        quantization=model.quantization,
        dtype=pick.setting.dtype,
        max_pixels=chosen.image_tokens * area,
        pictures=count,
        video_total_pixels=chosen.video_tokens * area,
        video_max_frames=chosen.video_frames,
        max_prompt_tokens=_most_tokens(pick, works),
        need_bytes=need.total,
        download_bytes=model.download_bytes,
        budget_bytes=pick.budget,
        kept_free_bytes=None if pick.budget is None else max(0, pick.budget - need.total),
        terms=need.terms(),
    )


def _works(pick: Pick, chosen: Caps, count: int) -> tuple[Work, Work]:
    """Return the largest pictures and the largest video that the caps let through."""
    vision = pick.model.vision
    return pictures(chosen.image_tokens, count, vision), video(chosen.video_tokens, vision)


def _most_tokens(pick: Pick, works: Sequence[Work]) -> int:
    """Return the longest prompt that fits beside the largest pictures or the largest video."""
    return most_tokens(
        lambda text: all(_fits(pick, replace(work, text_tokens=text)) for work in works),
        max(w.tokens - w.text_tokens for w in works),
        pick.model.shapes.max_position_embeddings,
    )
