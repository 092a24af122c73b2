"""What else could be chosen, and what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from setup_assistant.catalog.models import Model
from setup_assistant.choose import cpu
from setup_assistant.choose.candidates import Ground
from setup_assistant.choose.memory import estimate
from setup_assistant.choose.pick import Pick, for_purpose
from setup_assistant.choose.plan import Alternative
from setup_assistant.choose.torch_builds import Question
from setup_assistant.choose.usable_gpus import HEADROOM, HEADROOM_SHARE, Card
from setup_assistant.choose.wheels import Answer, without
from setup_assistant.choose.workloads import comfortable, floors
from setup_assistant.errors import SetupError
from setup_assistant.messages import Message, msg
from setup_assistant.units_text import GIB, gib

# Sizes that cards are sold in, and what of them an idle card has free.
CARDS_GB = (6, 8, 12, 16, 24, 32, 48, 80)
USABLE = 0.96


def models(ground: Ground, pick: Pick, cards: Sequence[Card], purpose: str) -> list[Alternative]:
    """Return the other checkpoints of the family, largest first, each with its need."""
    found = []
    for model in ground.recipes.models:
        mine = model.family == ground.family
        if not mine or model.id == pick.model.id:
            continue
        if not cards:
            found.append(_without_gpu(ground, model, pick.budget))
            continue
        seat = for_purpose(ground, model, cards, purpose)
        works = floors(ground.floor(purpose), model.vision)
        setting = ground.setting(model, cards[:1])
        need = seat.need.total if seat else max(estimate(model, w, setting).total for w in works)
        installs = model.quantization == "none" or any(
            ground.quantizer(model, [card]) for card in cards
        )
        proved = any(ground.by_itself(model, [card]) for card in cards)
        found.append(
            Alternative(
                kind="model",
                what=model.id,
                fits=seat is not None,
                need_bytes=need,
                download_bytes=model.download_bytes,
                message=_price(
                    fits=seat is not None,
                    installs=installs,
                    proved=proved,
                    compiles=any(q.compiles for c in cards if (q := ground.quantizer(model, [c]))),
                    need=need,
                    cards=cards,
                ),
                proved=proved,
            )
        )
    return sorted(found, key=lambda a: -(a.need_bytes or 0))


def _without_gpu(ground: Ground, model: Model, room: int | None) -> Alternative:
    """Return a checkpoint on a machine without GPUs: on its CPU, or the GPUs it would take."""
    work = comfortable(model.vision)
    there = replace(ground.setting(model, ()), part="8.0")
    need = estimate(model, work, there).total
    message = msg("Needs a GPU: {cards} would hold it.", cards=_would_hold(need))
    fits = False
    try:
        here = cpu.setting(ground, model, room)
    except SetupError:
        pass
    else:
        on_cpu = estimate(model, work, here).total
        fits = room is None or on_cpu <= room
        if fits:
            need = on_cpu
            message = msg(
                "Would run on this CPU too, in {dtype} and slowly; needs {need} of main memory.",
                dtype=here.dtype,
                need=gib(need),
            )
    return Alternative(
        kind="model",
        what=model.id,
        fits=fits,
        need_bytes=need,
        download_bytes=model.download_bytes,
        message=message,
    )


def wheels(question: Question, answer: Answer) -> list[Alternative]:
    """Return the other wheels: the best native one, other builds, one card fewer."""
    found = []
    for pair in answer.others:
        same = pair.torch == answer.pair.torch
        native = answer.pair.compatibility == "minor-version" and pair.compatibility == "native"
        if not (same or native):
            continue
        message = (
            msg("Runs here too; another CUDA build of the same release.")
            if same
            else msg("Older, but not above the driver's own CUDA; --strict-cuda chooses it.")
        )
        found.append(_wheel(f"{pair.torch}+{pair.build}", message))
        if native:
            break
    for card in answer.cards if len({c.part for c in answer.cards}) > 1 else ():
        fewer = without(question, card)
        if fewer and fewer.pair.rank > answer.pair.rank:
            found.append(
                _wheel(
                    f"{fewer.pair.torch}+{fewer.pair.build}",
                    msg("Newer, if {gpu} ({id}) is left out.", gpu=card.name, id=card.id),
                )
            )
    return found


def _wheel(what: str, message: Message) -> Alternative:
    return Alternative(
        kind="wheel", what=what, fits=True, need_bytes=None, download_bytes=None, message=message
    )


def _price(
    *,
    fits: bool,
    installs: bool,
    proved: bool,
    compiles: bool,
    need: int,
    cards: Sequence[Card],
) -> Message:
    if fits and not proved and not compiles:
        return msg("Would fit; needs {need}. Not proved here with these packages.", need=gib(need))
    if fits and not proved:
        return msg(
            "Would fit; needs {need}. Not proved here: its kernels are compiled at first use, "
            "with a C++ compiler and the CUDA toolkit.",
            need=gib(need),
        )
    if fits:
        return msg("Would fit too; needs {need}.", need=gib(need))
    if not installs:
        return msg(
            "Its quantized kernels are not known to run on these GPUs; needs {need}.",
            need=gib(need),
        )
    room = max(c.budget for c in cards)
    return msg(
        "Does not fit: needs {need}, the largest card has {have} to give. {cards} would hold it.",
        need=gib(need),
        have=gib(room),
        cards=_would_hold(need),
    )


def _would_hold(need: int) -> str:
    """Return the fewest and smallest cards with room for it, e.g. "1 x 48 GB"."""
    for count in (1, 2, 4, 8):
        for size in CARDS_GB if count == 1 else CARDS_GB[-3:]:
            free = int(size * GIB * USABLE)
            if count * (free - max(HEADROOM, int(free * HEADROOM_SHARE))) >= need:
                return f"{count} x {size} GB"
    return f"> 8 x {CARDS_GB[-1]} GB"
