"""What the person wants: from questions, flags or an answers file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Backend = Literal["auto", "conda", "mamba", "micromamba", "rattler", "uv", "pip"]
# What a room was asked for that a bundle must keep; places are each host's own.
OF_A_ROOM = (
    "model", "family", "purpose", "max_pixels", "max_frames", "backend", "python", "strict_cuda",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """Answers to everything that the tool cannot know.

    `model` is "auto", "canary" or a model id; "auto" takes one of `family`. `max_pixels` and
    `max_frames` lower the plan's own caps (0: they stand). `gpus` names cards by UUID or index;
    empty means all usable ones. `mirror` is auto, cn, official, a mirror's name and addresses of
    single legs (see `mirror_wish`); `keep_mirror` writes them into the environment's own
    settings. `adopt` agrees to change packages in an environment that somebody else made; `keep`
    leaves what was changed by hand in one of ours. `disks` are chosen through `site`, `env` and
    `weights`.
    `lock` is a `requirements.lock` to replay; `offline` takes packages from the cache and local
    folders only, `wheelhouse` names such a folder.
    `rehearse` runs the model with dummy weights before its download; empty leaves it to the road.
    """

    model: str = "auto"
    family: Literal["qwen2-vl", "qwen2.5-vl", "qwen3-vl"] = "qwen2-vl"
    purpose: Literal["try", "images", "documents", "video"] = "video"
    max_pixels: int = 0
    max_frames: int = 0
    backend: Backend = "auto"
    site: str = ""
    env: str = ""
    weights: str = ""
    python: str = ""
    mirror: str = "auto"
    keep_mirror: bool = False
    weights_source: str = "modelscope"
    gpus: tuple[str, ...] = ()
    strict_cuda: bool = False
    adopt: bool = False
    keep: bool = False
    lock: str = ""
    offline: bool = False
    wheelhouse: str = ""
    rehearse: Literal["", "yes", "no"] = ""
    language: str = ""
