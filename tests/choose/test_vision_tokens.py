"""Tokens, against values that the real processor and qwen_vl_utils 0.0.14 gave."""

from dataclasses import replace

import pytest

from setup_assistant.catalog.models import Vision
from setup_assistant.choose.memory import Work
from setup_assistant.choose.vision_tokens import (
    PictureError,
    image_grid,
    processor_resize,
    smart_resize,
    video_frames,
    video_grid,
)

QWEN2 = Vision(patch=14, merge=2, temporal=2)
QWEN3 = Vision(patch=16, merge=2, temporal=2)


@pytest.mark.parametrize(
    ("width", "height", "cap", "rows", "columns"),
    [
        (2044, 1372, None, 98, 146),
        (448, 448, None, 32, 32),
        (1280, 720, None, 52, 92),
        (4032, 3024, None, 216, 288),
        (2044, 1372, 1280 * 784, 58, 86),
        (1, 1, None, 4, 4),
        (28, 28, None, 4, 4),
        (30, 4000, None, 286, 2),
        (308, 336, 360 * 420, 24, 22),
    ],
)
def test_grids_of_pictures(
    width: int, height: int, cap: int | None, rows: int, columns: int
) -> None:
    grid = image_grid(width, height, QWEN2, max_pixels=cap)
    assert (grid.height, grid.width) == (rows, columns)
    assert grid.tokens == rows * columns // 4


def test_a_12_megapixel_photo_is_about_15_500_tokens() -> None:
    assert image_grid(4032, 3024, QWEN2).tokens == 15_552


def test_larger_patches_make_fewer_tokens() -> None:
    assert image_grid(2044, 1372, QWEN3).tokens == 64 * 43


@pytest.mark.parametrize(("width", "height"), [(20_000, 50), (10, 2_010), (0, 100), (5, 0)])
def test_shapes_that_the_processor_refuses(width: int, height: int) -> None:
    with pytest.raises(PictureError):
        image_grid(width, height, QWEN2)


def test_a_side_that_shrinks_to_nothing_is_refused() -> None:
    with pytest.raises(PictureError, match="nothing"):
        image_grid(4000, 25, QWEN2, max_pixels=50_000)


def test_the_two_libraries_differ_for_narrow_pictures() -> None:
    assert smart_resize(10, 1000, 28, 3136, 12_845_056) == (28, 1008)
    assert processor_resize(10, 1000, 28, 3136, 12_845_056) == (28, 560)
    assert smart_resize(1000, 10, 28, 3136, 12_845_056) == (1008, 28)


@pytest.mark.parametrize(
    ("total", "source", "fps", "frames"),
    [(300, 30.0, 2.0, 20), (300, 30.0, 1.0, 10), (40, 10.0, 1.0, 4), (30, 30.0, 2.0, 4),
     (3, 30.0, 2.0, 2), (100_000, 30.0, 2.0, 768), (299, 29.97, 2.0, 18)],
)  # fmt: skip
def test_frames_taken(total: int, source: float, fps: float, frames: int) -> None:
    assert video_frames(total, source, fps=fps) == frames


def test_one_frame_is_no_video() -> None:
    with pytest.raises(PictureError):
        video_frames(1, 30.0)


def test_no_more_frames_than_there_are() -> None:
    assert video_frames(12, 30.0, frames=12) == 12
    with pytest.raises(PictureError, match=r"\[2, 12\], but got 14"):
        video_frames(12, 30.0, frames=14)


def test_grids_of_videos() -> None:
    clip = video_grid(308, 336, 4, QWEN2, fps=1.0, source_fps=10, max_pixels=360 * 420)
    assert (clip.steps, clip.height, clip.width) == (2, 24, 22)
    minute = video_grid(1280, 720, 60, QWEN2, fps=1.0)
    assert minute.steps == 30
    assert minute.patches_per_step // 4 <= 768


def test_a_step_never_falls_below_its_least_tokens() -> None:
    long = video_grid(1280, 720, 3600, QWEN2, total_pixels=4096 * 784)
    assert long.steps == 384
    assert 100 <= long.patches_per_step // 4 <= 135


def test_the_budget_of_a_whole_video_is_kept() -> None:
    wide = video_grid(1920, 1080, 60, QWEN2, fps=1.0)
    tight = video_grid(1920, 1080, 60, QWEN2, fps=1.0, total_pixels=8000 * 784)
    assert tight.tokens <= 8000 < wide.tokens


def test_each_step_of_a_video_of_qwen3_has_a_timestamp_and_markers() -> None:
    """Written out: "<0.5 seconds>" has six tokens, "<12.5 seconds>" seven, and two markers each."""
    stamped = replace(QWEN3, steps_apart=True)
    plain, marked = (
        video_grid(640, 480, 14, vision, frames=14, source_fps=30) for vision in (QWEN3, stamped)
    )
    times = [1.0 + 2 * step for step in range(7)]  # 1.0 to 13.0 seconds
    tokens = [6 if time < 10 else 7 for time in times]
    assert plain.marks == 0
    assert marked.marks == sum(tokens) + 2 * 7 - 2
    assert marked.tokens == plain.tokens
    assert Work(grids=(marked,)).tokens - Work(grids=(plain,)).tokens == marked.marks
    assert image_grid(640, 480, stamped).marks == 0
