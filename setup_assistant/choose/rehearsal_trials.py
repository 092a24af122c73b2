"""What a rehearsal runs: the planned picture, several of them, the video; and how long it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from setup_assistant.catalog.models import Model, Vision
from setup_assistant.choose.memory import Setting, Work
from setup_assistant.choose.vision_tokens import VIDEO_MAX_TOKENS, Grid

# Multiplications and additions a second of a CPU (measured: 3.2e11 to 5.6e11 with 2B shapes in
# bfloat16, on two cores that have units for it); a GPU's are so many that its start counts more.
CPU_PACE = 2e11
GPU_PACE = 2e13
# Python, torch and transformers; and bytes of weights made a second.
START_SECONDS = 15.0
BUILT_PER_SECOND = 5e8


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


def operations(model: Model, work: Work) -> float:
    """Return the multiplications and additions of reading one prompt and writing its answer."""
    shapes = model.shapes
    tower = 2.0 * shapes.params_vision * work.patches
    scores = 4.0 * shapes.vit_dim * shapes.vit_depth
    tower += scores * sum(g.steps * g.patches_per_step**2 for g in work.grids)
    each = 2.0 * shapes.params_lang_linear
    return tower + each * (work.tokens + work.new_tokens)


def seconds(model: Model, trials: Sequence[Trial], setting: Setting) -> float:
    """Return the expected seconds of a whole rehearsal."""
    pace = CPU_PACE if setting.part is None else GPU_PACE
    built = model.weights_bytes * setting.width / 2 / BUILT_PER_SECOND
    return START_SECONDS + built + sum(operations(model, t.work) for t in trials) / pace


def _grid(tokens: int, steps: int, vision: Vision) -> Grid:
    """Return the grid nearest to a square with at most so many tokens a step."""
    high = math.isqrt(tokens)
    return Grid(steps, high * vision.merge, tokens // high * vision.merge, vision.merge)
