"""Which folder the recipes are read from, and how one of them is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from setup_assistant import frozen_json

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Sourced:
    """A row of a recipe: where it is from, and the day on which that was looked at."""

    source: str
    date: str


def recipes(folder: Path | None = None) -> Path:
    """Return `folder`, or the folder of the recipes that this tool came with."""
    if folder is not None:
        return folder
    # The one look outside that a reader takes: where its own data lies.
    from setup_assistant.host import paths

    return paths.recipes_folder()


def read(name: str, kind: type[T], folder: Path | None = None) -> T:
    """Return a recipe by its name below the folder of the recipes.

    Raises:
        SetupError: `recipe_invalid`, naming file and key.
    """
    return frozen_json.load_toml(recipes(folder) / name, kind)
