"""Cards that other programs fill: said first, with what would fit after closing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

from setup_assistant.choose.plan import Plan
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.usable_gpus import IDLE, Card
from setup_assistant.errors import SetupError
from setup_assistant.messages import Message, msg
from setup_assistant.units_text import gib

# How many programs are named.
_NAMED = 3
_AFTER = msg(
    "{used} of {total} of {gpu} are in use by {users}: after closing them, {model} would fit."
)
# Where the driver does not say whose they are.
_AFTER_UNKNOWN = msg(
    "{used} of {total} of {gpu} are in use by other programs: after closing them, {model} would "
    "fit."
)


def emptied(cards: Sequence[Card]) -> list[Card]:
    """Return the cards as they would be without other programs on them."""
    return [replace(c, budget=max(c.budget, c.empty_budget or 0)) for c in cards]


def filled(cards: Sequence[Card]) -> list[Card]:
    """Return the cards that other programs hold more of than an idle card's share."""
    return [c for c in cards if _used(c) > IDLE]


def _used(card: Card) -> int:
    return (card.total or 0) - card.free if card.total and card.free is not None else 0


def _about(card: Card) -> dict[str, str]:
    names = list(dict.fromkeys(card.users))
    users = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    return {
        "used": gib(_used(card)),
        "total": gib(card.total or 0),
        "gpu": card.name,
        "users": users,
    }


def tell(cards: Sequence[Card], here: str, after: str, notes: Notes) -> None:
    """Say first which cards are filled, where a larger model would fit without that.

    Args:
        cards: the cards to plan for.
        here: the model that fits now.
        after: the model that would fit after closing the programs.
        notes: where it is said.
    """
    if after == here:
        return
    for card in reversed(sorted(filled(cards), key=_used, reverse=True)[:_NAMED]):
        notes.first("placement", _sentence(card, after))


def _sentence(card: Card, after: str) -> Message:
    about = _about(card)
    template = _AFTER.template if about["users"] else _AFTER_UNKNOWN.template
    return Message(template, {**about, "model": after})


def told_of(plan: Plan) -> tuple[Message, ...]:
    """Return what a plan says of cards that a larger model would fit on after closing programs."""
    templates = (_AFTER.template, _AFTER_UNKNOWN.template)
    return tuple(w.message for w in plan.warnings if w.message.template in templates)


def refuse(cards: Sequence[Card], model: str, need: int) -> NoReturn:
    """Raise that a model does not fit since other programs fill the cards.

    Raises:
        SetupError: `gpu_occupied`.
    """
    fullest = max(filled(cards), key=_used)
    about = _about(fullest)
    about["users"] = about["users"] or str(msg("other programs"))
    raise SetupError("gpu_occupied", **about, model=model, need=gib(need))
