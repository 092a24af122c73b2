"""The inputs that a plan must have room for, and the caps that keep inputs within it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from setup_assistant.catalog.models import Vision
from setup_assistant.choose.memory import Work
from setup_assistant.choose.tokens import (
    IMAGE_MAX_TOKENS,
    VIDEO_MAX_TOKENS,
    VIDEO_MIN_TOKENS,
    Grid,
)

# A model is chosen by itself only where a minute of video at one frame a second fits at the
# least size that qwen_vl_utils gives a frame: 30 steps of 128 tokens, 3 840 in all.
COMFORTABLE_STEPS = 30
# Room for one picture of 0.8 megapixels: enough where the only other choice is far smaller.
MODEST_TOKENS = 1024
# The least that makes sense at all: one picture of 448 x 448.
LEAST_TOKENS = 256
# On a CPU more detail than the processor's own default costs minutes, not seconds.
CPU_TOKENS = 1280
CAP_STEP = 64
# Pictures of full size that one question may hold, by purpose.
PICTURES = {"try": 1, "images": 4, "video": 2}
# Positions kept for text and answer.
RESERVED = 2048
VIDEO_POSITIONS = 0.75


@dataclass(frozen=True, kw_only=True)
class Caps:
    """Tokens of one picture, tokens of one video, and frames of one video."""

    image_tokens: int
    video_tokens: int
    video_frames: int


def comfortable(vision: Vision) -> Work:
    """Return the work that a model must have room for to be chosen by itself."""
    return Work(grids=(_steps(VIDEO_MIN_TOKENS, COMFORTABLE_STEPS, vision),))


def modest(vision: Vision) -> Work:
    """Return the work below which a far smaller model is the better choice."""
    return Work(grids=(_picture(MODEST_TOKENS, vision),))


def least(vision: Vision) -> Work:
    """Return the work below which running a model makes no sense."""
    return Work(grids=(_picture(LEAST_TOKENS, vision),))


def pictures(tokens: int, count: int, vision: Vision) -> Work:
    """Return the work of `count` pictures of so many tokens each."""
    return Work(grids=(_picture(tokens, vision),) * count)


def video(tokens: int, vision: Vision) -> Work:
    """Return the work of a video of so many tokens in all, in steps of full size."""
    per_step = min(tokens, VIDEO_MAX_TOKENS)
    return Work(grids=(_steps(per_step, -(-tokens // per_step), vision),))


def caps(
    fits: Callable[[Work], bool], vision: Vision, positions: int, purpose: str, *, cpu: bool
) -> Caps:
    """Return the largest caps whose work fits, within the model's positions.

    Args:
        fits: whether some work fits where the model will run.
        vision: how pictures become tokens.
        positions: the model's own limit on the length of a prompt.
        purpose: try, images or video.
        cpu: keep to what a CPU does in bearable time.
    """
    count = PICTURES[purpose]
    room = max(LEAST_TOKENS, positions - RESERVED)
    most = min(CPU_TOKENS if cpu else IMAGE_MAX_TOKENS, room // count)
    image = _largest(lambda n: fits(pictures(n, count, vision)), most)
    longest = min(CPU_TOKENS * 3 if cpu else room, int(positions * VIDEO_POSITIONS))
    moving = max(image, _largest(lambda n: fits(video(n, vision)), longest))
    # Each step has at least 5 % more than the least tokens (qwen_vl_utils' rounding).
    steps = max(2, int(moving / (VIDEO_MIN_TOKENS * 1.05)))
    return Caps(image_tokens=image, video_tokens=moving, video_frames=min(768, 2 * steps))


def _largest(fits: Callable[[int], bool], most: int) -> int:
    """Return the largest multiple of `CAP_STEP` that fits, at least one step."""
    low, high = 1, max(1, most // CAP_STEP)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle * CAP_STEP):
            low = middle
        else:
            high = middle - 1
    return low * CAP_STEP


def _picture(tokens: int, vision: Vision) -> Grid:
    return _steps(tokens, 1, vision)


def _steps(tokens: int, steps: int, vision: Vision) -> Grid:
    """Return a grid of so many tokens a step; the shape does not matter for memory."""
    return Grid(steps, vision.merge, tokens * vision.merge, vision.merge)
