"""Which model of a family fits where: the largest with room for the purpose, and its seat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from setup_assistant.catalog.models import Model
from setup_assistant.catalog.purposes import Purposes
from setup_assistant.choose import cpu
from setup_assistant.choose.candidates import Ground
from setup_assistant.choose.memory import Setting, Work
from setup_assistant.choose.placement import Seat, groups, seat
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.choose.workloads import floors, least
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Memory
from setup_assistant.versions import numbers


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A model with a place that holds it. No cards means the CPU.

    `budget` is what may be used there; `room` the same cards less the reserve that stays free;
    `among` all the cards that it was chosen from.
    """

    model: Model
    setting: Setting
    cards: tuple[Card, ...]
    room: tuple[Card, ...]
    limits: tuple[int, ...]
    budget: int | None
    among: tuple[Card, ...] = ()


def find_seat(
    ground: Ground,
    model: Model,
    cards: Sequence[Card],
    works: Sequence[Work],
    *,
    reserve: bool = False,
) -> Seat | None:
    """Return the first placement of a model with room for each of `works`, fewest cards first.

    With a `reserve`, its cards come back less what stays free on each.
    """
    for group in groups(cards):
        if model.quantization != "none" and ground.quantizer(model, group) is None:
            continue
        setting = ground.setting(model, group)
        held = reserved(group, ground.recipes.purposes) if reserve else group
        seats = [seat(model, work, held, setting) for work in works]
        found = [s for s in seats if s is not None]
        if len(found) == len(seats):
            return max(found, key=lambda s: s.need.total)
    return None


def reserved(cards: Sequence[Card], purposes: Purposes) -> tuple[Card, ...]:
    """Return the cards less the reserve of each that a plan keeps free.

    Over several cards the placement is careful already, so that the least of it is enough.
    """
    share = purposes.reserve_share if len(cards) == 1 else 0.0
    kept = [max(purposes.reserve_least_bytes, int(c.budget * share)) for c in cards]
    return tuple(replace(c, budget=max(0, c.budget - k)) for c, k in zip(cards, kept, strict=True))


def for_purpose(ground: Ground, model: Model, cards: Sequence[Card], purpose: str) -> Seat | None:
    """Return the placement with room for a purpose and a reserve, None where there is none."""
    works = floors(ground.floor(purpose), model.vision)
    return find_seat(ground, model, cards, works, reserve=True)


def largest_with_room(
    ground: Ground, cards: Sequence[Card], purpose: str, family: str = ""
) -> Pick | None:
    """Return the largest model with room for the purpose: in 16 bits, else in what is proved.

    One whose files the disk cannot hold is none.
    """
    for models in ground.sizes(family):
        for model in models:
            if not any(ground.by_itself(model, [card]) for card in cards):
                continue
            if ground.disk is not None and model.download_bytes > ground.disk:
                continue
            found = for_purpose(ground, model, cards, purpose)
            if found:
                return seated(ground, model, found, cards)
    return None


def family_sizes(ground: Ground) -> list[list[Model]]:
    """Return the sizes of the family.

    Raises:
        SetupError: `model_too_new` where this transformers knows none of them.
    """
    if found := ground.sizes():
        return found
    mine = [m for m in ground.recipes.models if m.family == ground.family]
    need = min((m.min_transformers for m in mine), key=numbers)
    have = ground.pair.stack.transformers
    raise SetupError("model_too_new", model=ground.family, need=need, have=have)


def with_little_room(ground: Ground, cards: Sequence[Card]) -> Pick | None:
    """Return the smallest size, where it holds one small picture at least."""
    for model in family_sizes(ground)[-1]:
        if any(ground.by_itself(model, [card]) for card in cards):
            found = find_seat(ground, model, cards, [least(model.vision)])
            if found:
                return seated(ground, model, found, cards)
    return None


def seated(ground: Ground, model: Model, found: Seat, cards: Sequence[Card]) -> Pick:
    """Return the pick of a model at a place that was found, with its cards as they are."""
    whole = {c.id: c for c in cards}
    mine = tuple(whole[c.id] for c in found.cards)
    return Pick(
        model=model,
        setting=ground.setting(model, found.cards),
        cards=mine,
        room=found.cards,
        limits=found.limits,
        budget=sum(c.budget for c in mine),
        among=tuple(cards),
    )


def on_cpu(ground: Ground, model: Model, memory: Memory) -> Pick:
    """Return the pick of a model on the CPU."""
    room = cpu.budget(memory)
    setting = cpu.setting(ground, model, room)
    return Pick(model=model, setting=setting, cards=(), room=(), limits=(), budget=room)
