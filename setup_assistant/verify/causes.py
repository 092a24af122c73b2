"""The causes that a check inside an environment can name, with their sentences and their blame."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TypeGuard

from setup_assistant.catalog import causes, checks
from setup_assistant.messages import Message, Value


@cache
def _ranks() -> dict[str, int]:
    return {name: rank for rank, name in enumerate(checks.load().order)}


def known(cause: str | None) -> TypeGuard[str]:
    """Whether a check may name a cause."""
    return rank(cause) < len(_ranks())


def rank(cause: str | None) -> int:
    """Return the place of a cause in the order of blame; unknown ones come last."""
    ranks = _ranks()
    if cause in ranks or not causes.known(cause or ""):
        return ranks.get(cause or "", len(ranks))
    # A receipt written before the catalogue had one id per cause.
    return ranks.get(causes.find(cause or "").id, len(ranks))


def sentence(cause: str, values: Mapping[str, Value]) -> Message:
    """Return what is wrong."""
    return causes.find(cause).sentence(values)


def remedy(cause: str, values: Mapping[str, Value]) -> Message:
    """Return what mends it."""
    return causes.find(cause).remedy_text(values)
