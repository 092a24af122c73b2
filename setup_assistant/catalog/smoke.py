"""How a model is put to the proof, from `recipes/smoke.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from setup_assistant.catalog.folder import Sourced, read

Kind = Literal["image", "multi-image", "video"]
Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Sizes of questions and answers. `video_max_pixels` is per frame; deadlines in seconds."""

    canary_new_tokens: int
    new_tokens: int
    video_max_pixels: int
    video_fps: float
    video_max_frames: int
    canary_deadline_seconds: float
    model_deadline_seconds: float


@dataclass(frozen=True, kw_only=True)
class UsualDecoder:
    """The decoder to install where no plan names one."""

    package: str
    reader: str


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Files of the canary, and what any real model must mention about them.

    `words` holds groups per language; of each group one word must occur in the answer.
    """

    name: str
    kind: Kind
    files: tuple[str, ...]
    words: dict[Language, tuple[tuple[str, ...], ...]]


@dataclass(frozen=True, kw_only=True)
class Smoke(Sourced):
    """The whole recipe. `tolerance` maps a dtype, or `device-dtype`, to logits."""

    schema: Literal["setup-assistant/smoke/1"]
    limits: Limits
    decoder: UsualDecoder
    tolerance: dict[str, float]
    questions: dict[Kind, dict[Language, str]]
    scene: tuple[Scene, ...]


load = partial(read, "smoke.toml", Smoke)
