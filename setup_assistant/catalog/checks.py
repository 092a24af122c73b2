"""Which causes a check inside an environment can name, from `recipes/checks.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

from setup_assistant.catalog.folder import Sourced, read


@dataclass(frozen=True, kw_only=True)
class Checks(Sourced):
    """The whole recipe.

    `order` is that of blame. `consequences` may follow from a damaged file; `of_canary` and
    `of_model` are mended by bringing files back. `raised` are pairs of a cause and a pattern over
    an exception.
    """

    order: tuple[str, ...]
    consequences: frozenset[str]
    of_canary: frozenset[str]
    of_model: frozenset[str]
    raised: tuple[tuple[str, str], ...]


load = cache(partial(read, "checks.toml", Checks))
