"""Token counts against the real processor and the real qwen_vl_utils, over random sizes."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.choose.vision_tokens import PictureError, image_grid, video_frames, video_grid
from setup_assistant.host.prefix import python_in
from tests.choose.described import known

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).parent / "real_counts.py"
PROCESSOR = Path(__file__).parents[2] / "recipes" / "canary" / "model"
VISIONS = {
    m.vision.patch: m.vision
    for m in known().models
    if m.id in {"Qwen/Qwen2-VL-2B-Instruct", "Qwen/Qwen3-VL-2B-Instruct"}
}
EXTREME = [(1, 1), (1, 200), (1, 201), (200, 1), (201, 1), (27, 29), (28, 28), (13, 2600),
           (14, 14), (42, 42), (20_000, 100), (20_000, 99), (30_000, 30_000), (56, 11_200),
           (57, 11_401), (4032, 3024), (2044, 1372), (31, 33), (32, 32), (48, 48)]  # fmt: skip


def sizes(draw: random.Random, count: int) -> list[tuple[int, int]]:
    """Return sizes on a logarithmic scale, some of them narrow beyond what is accepted."""
    found = list(EXTREME)
    while len(found) < count:
        width = int(2 ** draw.uniform(0, 14.5))
        ratio = 2 ** draw.uniform(-8, 8) if draw.random() < 0.3 else 2 ** draw.uniform(-1.5, 1.5)
        found.append((width, max(1, min(32_000, int(width * ratio)))))
    return found


def pictures(draw: random.Random) -> list[dict[str, Any]]:
    return [
        {
            "width": width,
            "height": height,
            "patch": draw.choice([14, 14, 16]),
            "max_pixels": draw.choice(
                [None, None, 1, 784, 3_136, 50_176, 200_704, 802_816, 1_003_520, 151_200]
            ),
        }
        for width, height in sizes(draw, 2_000)
    ]


def clips(draw: random.Random) -> list[dict[str, Any]]:
    found = []
    for width, height in sizes(draw, 500):
        source = draw.choice([10.0, 23.976, 24.0, 25.0, 29.97, 30.0, 60.0, 120.0])
        found.append(
            {
                "width": width,
                "height": height,
                "patch": draw.choice([14, 14, 16]),
                "frames": draw.choice(
                    [1, 2, 3, 5, 7, 767, 769, *[int(2 ** draw.uniform(0, 16))] * 9]
                ),
                "source_fps": source,
                "fps": draw.choice([0.01, 0.25, 1 / 3, 0.5, 1.0, 2.0, 2.0, 4.0, 29.97, 240.0]),
                "max_pixels": draw.choice([None, None, 1_000, 151_200, 200_704, 602_112]),
                "total_pixels": draw.choice([None, None, 1, 3_010_560, 19_267_584, 10**9]),
                "max_frames": draw.choice([None, None, 2, 5, 16, 64, 1000]),
                "nframes": draw.choice([None] * 5 + [1, 2, 3, 7, 16, 101, 768]),
            }
        )
    return found


def ours(case: dict[str, Any]) -> list[int] | str:
    vision = VISIONS[case["patch"]]
    about = {k: case[k] for k in ("max_pixels", "total_pixels", "max_frames") if case.get(k)}
    try:
        if "fps" not in case:
            grid = image_grid(case["width"], case["height"], vision, **about)
        else:
            grid = video_grid(
                case["width"], case["height"], case["frames"] / case["source_fps"], vision,
                fps=case["fps"], source_fps=case["source_fps"], frames=case["nframes"], **about,
            )  # fmt: skip
            assert round(case["frames"] / case["source_fps"] * case["source_fps"]) == case["frames"]
    except PictureError as error:
        return str(error)
    return [grid.steps, grid.height, grid.width]


def theirs(env: Path, cases: list[dict[str, Any]]) -> list[list[int] | str]:
    done = subprocess.run(
        [python_in(env), "-I", SCRIPT],
        input=json.dumps({"processor": str(PROCESSOR), "cases": cases}),
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[list[int] | str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("kind", ["pictures", "videos"])
def test_every_count_is_the_libraries_own(kind: str, built_environment: Path) -> None:
    draw = random.Random(20261122)
    cases = pictures(draw) if kind == "pictures" else clips(draw)
    found = theirs(built_environment, cases)
    assert len(found) == len(cases)
    apart = [
        (case, here, there)
        for case, here, there in zip(cases, map(ours, cases), found, strict=True)
        if (isinstance(here, str) != isinstance(there, str))
        or (not isinstance(here, str) and here != there)
    ]
    assert apart == []
    refused = [there for there in found if isinstance(there, str)]
    assert 0 < len(refused) < len(found) / 2


def test_refusals_of_the_aspect_ratio_are_worded_alike(built_environment: Path) -> None:
    case = {"width": 20_000, "height": 50, "patch": 14, "max_pixels": None}
    there = theirs(built_environment, [case])[0]
    here = ours(case)
    assert isinstance(here, str)
    assert isinstance(there, str)
    assert here.split(",")[0] == there
    assert video_frames(300, 30.0) == 20
