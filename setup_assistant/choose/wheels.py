"""The wheel policy: which (torch, build) pair, and which cards have to stay out of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from setup_assistant.choose import refusals
from setup_assistant.choose.torch_builds import Pair, Question, cpu_pairs, cuda_pairs, default_pairs
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.versions import at_least

# Releases below this need an older transformers, which no current model code is written for.
CURRENT = "2.6"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The chosen pair. `left_out` are cards without kernels in it; `others` were allowed too."""

    pair: Pair
    cards: tuple[Card, ...]
    left_out: tuple[Card, ...] = ()
    others: tuple[Pair, ...] = ()


def choose_wheel(question: Question) -> Answer:
    """Return the pair of the policy for one Python.

    Newest allowed torch; among its builds the newest not above the driver's CUDA, else the
    lowest. Every card kept has kernels. Cards are left out only when no current torch serves
    all of them; then the cards kept are those with the most usable memory.

    Raises:
        SetupError: nothing runs here, with the remedy that is right for these cards.
    """
    if not question.cards:
        return _without_gpu(question)
    answer = _for(question, question.cards)
    if answer and at_least(answer.pair.torch, CURRENT):
        return answer
    reduced = _leaving_out(question) if question.may_leave_out else None
    if reduced and (answer is None or _worth(reduced, answer)):
        return reduced
    if answer is None:
        refusals.refuse(question)
    return answer


def without(question: Question, card: Card) -> Answer | None:
    """Return the answer if one more card stayed out, for the alternatives."""
    kept = tuple(c for c in question.cards if c.part != card.part)
    return _for(question, kept) if kept else None


def _without_gpu(question: Question) -> Answer:
    if question.only_default:
        pairs = default_pairs(question.recipes, question.host, question.python)
    else:
        pairs = cpu_pairs(question.recipes, question.host, question.python)
    if not pairs:
        refusals.no_wheel(question.recipes, question.host, question.python)
    return Answer(pair=pairs[0], cards=(), others=tuple(pairs[1:]))


def _for(question: Question, cards: Sequence[Card]) -> Answer | None:
    pairs = cuda_pairs(
        question.recipes,
        question.host,
        question.python,
        sorted({c.part for c in cards}),
        strict=question.strict,
        only_default=question.only_default,
    )
    if not pairs:
        return None
    kept = tuple(cards)
    out = tuple(c for c in question.cards if c not in kept)
    return Answer(pair=pairs[0], cards=kept, left_out=out, others=tuple(pairs[1:]))


def _leaving_out(question: Question) -> Answer | None:
    """Return the best answer for fewer kinds of card: most memory, then newest torch."""
    parts = sorted({c.part for c in question.cards})
    found = []
    for count in range(1, len(parts)):
        for kept in itertools.combinations(parts, count):
            answer = _for(question, [c for c in question.cards if c.part in kept])
            if answer:
                found.append(answer)
    return max(found, key=_value, default=None)


def _value(answer: Answer) -> tuple[bool, int, tuple[int, ...], int]:
    room = sum(c.budget for c in answer.cards)
    current = at_least(answer.pair.torch, CURRENT)
    return current, room, answer.pair.rank, len(answer.cards)


def _worth(reduced: Answer, whole: Answer) -> bool:
    """Whether a current torch is worth losing cards: not for more than half of the memory."""
    if not at_least(reduced.pair.torch, CURRENT):
        return False
    return 2 * sum(c.budget for c in reduced.cards) >= sum(c.budget for c in whole.cards)
