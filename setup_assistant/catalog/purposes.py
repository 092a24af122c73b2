"""What a model must have room for, by purpose, from `recipes/purposes.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from setup_assistant.catalog.folder import read

Name = Literal["try", "images", "documents", "video"]


@dataclass(frozen=True, kw_only=True)
class Floor:
    """The least that a purpose needs of one question.

    So many pictures of so many pixels each, or one video of so many frames.
    """

    pictures: int
    picture_pixels: int
    frames: int
    source: str
    date: str


@dataclass(frozen=True, kw_only=True)
class Purposes:
    """The floors of every purpose, and what of a card's budget is kept free beside the need."""

    floor: dict[Name, Floor]
    reserve_share: float
    reserve_least_bytes: int
    reserve_source: str
    date: str


def load(folder: Path | None = None) -> Purposes:
    """Return the recipe."""
    return read("purposes.toml", Purposes, folder)
