"""What a model must have room for, by purpose, from `recipes/purposes.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from setup_assistant.catalog.folder import Sourced, read

Name = Literal["try", "images", "documents", "video"]


@dataclass(frozen=True, kw_only=True)
class Floor(Sourced):
    """The least that a purpose needs of one question.

    So many pictures of so many pixels each, or one video of so many frames.
    """

    pictures: int
    picture_pixels: int
    frames: int


@dataclass(frozen=True, kw_only=True)
class Purposes:
    """The floors of every purpose, and what of a card's budget is kept free beside the need."""

    floor: dict[Name, Floor]
    reserve_share: float
    reserve_least_bytes: int
    reserve_source: str
    date: str


load = partial(read, "purposes.toml", Purposes)
