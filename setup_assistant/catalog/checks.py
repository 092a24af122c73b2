"""Which causes a check inside an environment can name, from `recipes/checks.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from setup_assistant.catalog.folder import read


@dataclass(frozen=True, kw_only=True)
class Checks:
    """The whole recipe.

    `order` is that of blame. `consequences` may follow from a damaged file; `of_canary` and
    `of_model` are mended by bringing files back. `raised` are pairs of a cause and a pattern over
    an exception.
    """

    source: str
    date: str
    order: tuple[str, ...]
    consequences: frozenset[str]
    of_canary: frozenset[str]
    of_model: frozenset[str]
    raised: tuple[tuple[str, str], ...]


@cache
def load(folder: Path | None = None) -> Checks:
    """Return the recipe."""
    return read("checks.toml", Checks, folder)
