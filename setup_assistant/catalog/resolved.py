"""Packages that remedies name, with releases that an index has, from `recipes/resolved.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from setup_assistant.catalog.folder import read


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """The whole recipe. `packages`: name → releases that were found, the newest first."""

    source: str
    date: str
    packages: dict[str, tuple[str, ...]]


def load(folder: Path | None = None) -> Resolved:
    """Return the recipe."""
    return read("resolved.toml", Resolved, folder)
