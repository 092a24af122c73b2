"""The works that a rehearsal runs: the planned picture, several of them, and the video."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from setup_assistant.catalog.models import Vision
from setup_assistant.choose.memory import Work
from setup_assistant.choose.vision_tokens import VIDEO_MAX_TOKENS, Grid


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One prompt of a rehearsal. `kind` is image, multi-image or video, as in `verify`."""

    name: str
    kind: str
    work: Work


def trials(
    vision: Vision,
    *,
    max_pixels: int,
    total_pixels: int,
    text_tokens: int,
    new_tokens: int,
    pictures: int = 2,
) -> tuple[Trial, ...]:
    """Return the planned picture, as many as one question may hold, and the planned video.

    Each is at its cap in pixels.
    """
    area = vision.factor**2
    picture = _grid(max(1, max_pixels // area), 1, vision)
    tokens = max(1, total_pixels // area)
    steps = -(-tokens // VIDEO_MAX_TOKENS)
    clip = _grid(tokens // steps, steps, vision)

    def trial(name: str, kind: str, grids: Sequence[Grid]) -> Trial:
        work = Work(grids=tuple(grids), text_tokens=text_tokens, new_tokens=new_tokens)
        return Trial(name=name, kind=kind, work=work)

    several = "two-images" if pictures == 2 else f"{pictures}-images"
    return (
        trial("image", "image", [picture]),
        *([trial(several, "multi-image", [picture] * pictures)] if pictures > 1 else []),
        trial("video", "video", [clip]),
    )


def own_trials(
    pictures: Sequence[Grid], clips: Sequence[Grid], *, text_tokens: int, new_tokens: int
) -> tuple[Trial, ...]:
    """Return a trial of a person's own pictures, together, and one for each clip."""
    groups = [("own-images", "multi-image", tuple(pictures))] if pictures else []
    groups += [(f"own-video-{n}", "video", (clip,)) for n, clip in enumerate(clips, 1)]
    return tuple(
        Trial(
            name=name,
            kind=kind,
            work=Work(grids=grids, text_tokens=text_tokens, new_tokens=new_tokens),
        )
        for name, kind, grids in groups
    )


def _grid(tokens: int, steps: int, vision: Vision) -> Grid:
    """Return the grid nearest to a square with at most so many tokens a step."""
    high = math.isqrt(tokens)
    return Grid(steps, high * vision.merge, tokens // high * vision.merge, vision.merge)
