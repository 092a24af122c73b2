"""The inputs that a plan must have room for, and the caps that keep inputs within it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from setup_assistant.catalog.models import Vision
from setup_assistant.catalog.purposes import Floor
from setup_assistant.choose.memory import NEW_TOKENS, TEXT_TOKENS, Work
from setup_assistant.choose.vision_tokens import (
    IMAGE_MAX_TOKENS,
    MAX_FRAMES,
    VIDEO_MAX_TOKENS,
    VIDEO_MIN_TOKENS,
    Grid,
    step_marks,
)

# A minute of video at one frame a second, at the least size that qwen_vl_utils gives a frame.
COMFORTABLE_STEPS = 30
# Each pair of frames has at least 5 % more than the least tokens (qwen_vl_utils' rounding).
FRAME_TOKENS = int(VIDEO_MIN_TOKENS * 1.05)
# The least that makes sense at all: one picture of 448 x 448.
LEAST_TOKENS = 256
# On a CPU more detail than the processor's own default costs minutes, not seconds.
CPU_TOKENS = 1280
CAP_STEP = 64
# Positions kept for text and answer.
RESERVED = 2048
VIDEO_POSITIONS = 0.75


@dataclass(frozen=True, kw_only=True)
class Caps:
    """Tokens of one picture, tokens of one video, and frames of one video."""

    image_tokens: int
    video_tokens: int
    video_frames: int


def floors(floor: Floor, vision: Vision) -> tuple[Work, ...]:
    """Return the works that a model must have room for, to be chosen for a purpose."""
    tokens = -(-floor.picture_pixels // vision.factor**2)
    steps = -(-floor.frames // vision.temporal)
    return (
        pictures(tokens, floor.pictures, vision),
        Work(grids=(_steps(FRAME_TOKENS, steps, vision),)),
    )


def comfortable(vision: Vision) -> Work:
    """Return the work by which a CPU's dtype is chosen."""
    return Work(grids=(_steps(VIDEO_MIN_TOKENS, COMFORTABLE_STEPS, vision),))


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
    fits: Callable[[Work], bool], vision: Vision, positions: int, count: int, *, cpu: bool
) -> Caps:
    """Return the largest caps whose work fits, within the model's positions.

    Args:
        fits: whether some work fits where the model will run.
        vision: how pictures become tokens.
        positions: the model's own limit on the length of a prompt.
        count: pictures of full size that one question may hold.
        cpu: keep to what a CPU does in bearable time.
    """
    room = max(LEAST_TOKENS, positions - RESERVED)
    most = min(CPU_TOKENS if cpu else IMAGE_MAX_TOKENS, room // count)
    image = _largest(lambda n: fits(pictures(n, count, vision)), most)
    longest = min(CPU_TOKENS * 3 if cpu else room, int(positions * VIDEO_POSITIONS))
    moving = _largest(lambda n: fits(video(n, vision)), longest)
    frames = min(MAX_FRAMES, vision.temporal * max(2, moving // FRAME_TOKENS))
    return Caps(image_tokens=image, video_tokens=moving, video_frames=frames)


def most_tokens(fits: Callable[[int], bool], least: int, positions: int) -> int:
    """Return the most tokens of a prompt, text included, that fit and leave room for an answer.

    Args:
        fits: whether so many tokens of text fit beside the planned pictures and frames.
        least: tokens of the planned pictures and frames.
        positions: the model's own limit on the length of prompt and answer.
    """
    room = max(TEXT_TOKENS, positions - NEW_TOKENS - least)
    return least + max(TEXT_TOKENS, _largest(fits, room))


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
    marks = step_marks(vision, range(steps)) if steps > 1 else 0
    return Grid(steps, vision.merge, tokens * vision.merge, vision.merge, marks)
