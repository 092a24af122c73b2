"""Whether an answer is right: exactly (canary), or as far as any real model must be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inside.lines import JSON, Fault

if TYPE_CHECKING:
    from torch import Tensor

_RUN = 8


def exact(
    case: JSON,
    answer: str,
    logits: Tensor,
    *,
    reference: Tensor | None,
    tolerance: float,
    others: dict[str, str],
) -> JSON:
    """Judge the canary's answer and return further fields.

    `reference` holds the recorded float32 logits of the first token (vocabulary,), or is None;
    `others` maps every recorded answer of the same kind and language to its case.
    """
    finite(logits)
    distance = None
    if reference is not None:
        distance = float((logits[0] - reference).abs().max())
    fields = {"logits_distance": distance, "logits_tolerance": tolerance}
    if answer != case["answer"]:
        meant = others.get(answer)
        fault = Fault(
            "wrong-answer",
            f"this is the recorded answer of {meant}" if meant else "",
            check=case["name"],
            expected=case["answer"],
            answer=answer,
        )
        fault.fields = {**fields, "mistaken_for": meant}
        raise fault
    if distance is not None and not distance <= tolerance:
        fault = Fault(
            "logits-differ",
            f"largest difference {distance:.4g}, allowed {tolerance:.4g}",
            check=case["name"],
            distance=f"{distance:.4g}",
            allowed=f"{tolerance:.4g}",
        )
        fault.fields = fields
        raise fault
    return fields


def real(case: JSON, answer: str, tokens: list[int], logits: Tensor) -> JSON:
    """Judge a real model's answer: words, no repetition, no NaN, and what the picture shows."""
    finite(logits)
    if not answer.strip():
        raise Fault("empty-answer", check=case["name"])
    if repeats(tokens):
        raise Fault("repeating", f"tokens {tokens[-_RUN:]}", check=case["name"], answer=answer)
    said = answer.lower()
    absent = [g for g in case.get("words") or () if not any(mentions(said, w) for w in g)]
    if absent:
        raise Fault(
            "not-seen",
            check=case["name"],
            answer=answer,
            words=", ".join("/".join(group) for group in absent),
        )
    return {}


def mentions(said: str, word: str) -> bool:
    """Whether `word` begins a word of `said`: "coloured" does not mention red."""
    return bool(re.search((r"\b" if word.isascii() else "") + re.escape(word), said))


def finite(logits: Tensor) -> None:
    """Stop where the numbers are not numbers."""
    import torch

    if not bool(torch.isfinite(logits).all()):
        raise Fault(
            "not-a-number",
            f"in {int((~torch.isfinite(logits)).any(1).sum())} of {len(logits)} steps",
        )


def repeats(tokens: list[int]) -> bool:
    """Whether one token, or one short phrase, is all that comes in the end."""
    if len(tokens) < _RUN:
        return False
    if len(set(tokens[-_RUN:])) == 1:
        return True
    # A phrase of up to eight tokens said four times over.
    return any(len(tokens) >= 4 * n and tokens[-n:] * 4 == tokens[-4 * n :] for n in range(2, 9))
