"""How many tokens a picture or a video becomes, exactly as the libraries count them.

Sources: `smart_resize` of transformers (models/qwen2_vl/image_processing_qwen2_vl.py) and
`smart_resize`, `smart_nframes`, `fetch_image`, `fetch_video` of qwen_vl_utils 0.0.14. A
picture passes both, one after the other; a video only the second (the first leaves a size that
already fits alone).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from setup_assistant.catalog.models import Vision

About = Literal["shape", "length", "cap"]
MAX_RATIO = 200
IMAGE_MIN_TOKENS, IMAGE_MAX_TOKENS = 4, 16_384
VIDEO_MIN_TOKENS, VIDEO_MAX_TOKENS = 128, 768
FRAME_FACTOR = 2
MIN_FRAMES, MAX_FRAMES = 4, 768
DEFAULT_FPS = 2.0
SEQUENCE = 128_000
SEQUENCE_SHARE = 0.9
# One token before and one after each picture or video.
MARKERS = 2
# Of "<0.5 seconds>" all but the digits.
STAMP_TOKENS = 4


class PictureError(ValueError):
    """A size that the libraries refuse, with their reason; `about` is what is wrong with it."""

    def __init__(self, reason: str, about: About = "cap") -> None:
        """Keep what is wrong: the shape, the length of a video, or the cap asked for."""
        super().__init__(reason)
        self.about = about


@dataclass(frozen=True)
class Grid:
    """What the vision tower sees: time steps, and patches down and across in each.

    `marks` are the tokens of timestamps and markers between the steps, beyond the usual two.
    """

    steps: int
    height: int
    width: int
    merge: int = 2
    marks: int = 0

    @property
    def patches_per_step(self) -> int:
        """Patches that attend to each other."""
        return self.height * self.width

    @property
    def patches(self) -> int:
        """Patches in all."""
        return self.steps * self.patches_per_step

    @property
    def tokens(self) -> int:
        """Tokens of the language model, without markers."""
        return self.patches // self.merge**2


def image_grid(
    width: int,
    height: int,
    vision: Vision,
    *,
    max_pixels: int | None = None,
    min_pixels: int | None = None,
) -> Grid:
    """Return the grid of a picture given in pixels.

    Raises:
        PictureError: a side is more than 200 times the other, or shrinks to nothing.
    """
    factor = vision.factor
    least = min_pixels or IMAGE_MIN_TOKENS * factor**2
    most = max_pixels or IMAGE_MAX_TOKENS * factor**2
    high, wide = smart_resize(height, width, factor, least, most)
    if min(high, wide) <= 0:
        raise PictureError(f"{width}x{height} shrinks to nothing below {most} pixels")
    high, wide = processor_resize(
        high, wide, factor, vision.least_tokens * factor**2, IMAGE_MAX_TOKENS * factor**2
    )
    return Grid(1, high // vision.patch, wide // vision.patch, vision.merge)


def video_grid(
    width: int,
    height: int,
    seconds: float,
    vision: Vision,
    *,
    fps: float = DEFAULT_FPS,
    source_fps: float = 30.0,
    frames: int | None = None,
    max_pixels: int | None = None,
    total_pixels: float | None = None,
    max_frames: int | None = None,
) -> Grid:
    """Return the grid of a video of `seconds` at `source_fps`, sampled at `fps`.

    `frames` asks for so many (`nframes`) instead of `fps`; `max_pixels` caps one frame,
    `total_pixels` all of them together.

    Raises:
        PictureError: too few frames, or a shape that the libraries refuse.
    """
    factor = vision.factor
    taken = video_frames(
        round(seconds * source_fps), source_fps, fps=fps, frames=frames, max_frames=max_frames
    )
    least = VIDEO_MIN_TOKENS * factor**2
    total = total_pixels if total_pixels is not None else SEQUENCE * factor**2 * SEQUENCE_SHARE
    limit = max(min(VIDEO_MAX_TOKENS * factor**2, total / taken * FRAME_FACTOR), int(least * 1.05))
    most = limit if max_pixels is None else min(max_pixels, limit)
    high, wide = smart_resize(height, width, factor, least, most)
    if min(high, wide) <= 0:
        raise PictureError(f"{width}x{height} shrinks to nothing below {most:.0f} pixels")
    steps = taken // vision.temporal
    # In the middle of each step, as the processor says when it was.
    times = [seconds * (step + 0.5) / steps for step in range(steps)]
    return Grid(
        steps,
        high // vision.patch,
        wide // vision.patch,
        vision.merge,
        marks=step_marks(vision, times),
    )


def step_marks(vision: Vision, times: Sequence[float]) -> int:
    """Return the tokens between the steps of a video, beyond the markers of a picture.

    Qwen3-VL writes "<12.5 seconds>" and two markers for each (transformers
    `Qwen3VLProcessor.__call__`). Its tokenizer takes every digit apart: that stamp has 7 tokens,
    `<`, `1`, `2`, `.`, `5`, ` seconds` and `>`. The other families write two markers in all.
    """
    if not vision.steps_apart:
        return 0
    stamps = sum(STAMP_TOKENS + len(f"{time:.1f}") - 1 for time in times)
    return stamps + MARKERS * (len(times) - 1)


def video_frames(
    total: int,
    source_fps: float,
    *,
    fps: float = DEFAULT_FPS,
    frames: int | None = None,
    max_frames: int | None = None,
) -> int:
    """Return how many of `total` frames are taken: even, 4 to 768 (qwen_vl_utils).

    Where `frames` are asked for, it is the even number nearest to them, and nothing else counts.

    Raises:
        PictureError: the video has fewer than two frames.
    """
    ceiling = min(MAX_FRAMES, total) if max_frames is None else max_frames
    most = math.floor(ceiling / FRAME_FACTOR) * FRAME_FACTOR
    wanted = total / source_fps * fps
    count = min(max(wanted, MIN_FRAMES), most, total)
    even = math.floor(count / FRAME_FACTOR) * FRAME_FACTOR
    if frames is not None:
        even = round(frames / FRAME_FACTOR) * FRAME_FACTOR
    if total < FRAME_FACTOR:
        raise PictureError(
            f"a video needs at least {FRAME_FACTOR} frames, this one has {total}", "length"
        )
    if not FRAME_FACTOR <= even <= total:
        raise PictureError(f"nframes should in interval [{FRAME_FACTOR}, {total}], but got {even}.")
    return even


def smart_resize(
    height: int, width: int, factor: int, min_pixels: float, max_pixels: float
) -> tuple[int, int]:
    """Return height and width as qwen_vl_utils resizes them; a side may become 0.

    Raises:
        PictureError: one side is more than 200 times the other, or a cap below the least.
    """
    if max_pixels < min_pixels:
        raise PictureError("The max_pixels of image must be greater than or equal to min_pixels.")
    _check_ratio(height, width)
    high = max(factor, round(height / factor) * factor)
    wide = max(factor, round(width / factor) * factor)
    if high * wide > max_pixels:
        beta = math.sqrt((height * width) / max_pixels)
        high = math.floor(height / beta / factor) * factor
        wide = math.floor(width / beta / factor) * factor
    elif high * wide < min_pixels:
        beta = math.sqrt(min_pixels / (height * width))
        high = math.ceil(height * beta / factor) * factor
        wide = math.ceil(width * beta / factor) * factor
    return high, wide


def processor_resize(
    height: int, width: int, factor: int, min_pixels: float, max_pixels: float
) -> tuple[int, int]:
    """Return height and width as the transformers processor resizes them."""
    _check_ratio(height, width)
    high = round(height / factor) * factor
    wide = round(width / factor) * factor
    if high * wide > max_pixels:
        beta = math.sqrt((height * width) / max_pixels)
        high = max(factor, math.floor(height / beta / factor) * factor)
        wide = max(factor, math.floor(width / beta / factor) * factor)
    elif high * wide < min_pixels:
        beta = math.sqrt(min_pixels / (height * width))
        high = math.ceil(height * beta / factor) * factor
        wide = math.ceil(width * beta / factor) * factor
    return high, wide


def _check_ratio(height: int, width: int) -> None:
    if min(height, width) <= 0:
        raise PictureError(f"{width}x{height} is not a picture", "shape")
    ratio = max(height, width) / min(height, width)
    if ratio > MAX_RATIO:
        raise PictureError(
            f"absolute aspect ratio must be smaller than {MAX_RATIO}, got {ratio}", "shape"
        )
