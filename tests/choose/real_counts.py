"""Run inside the built environment: what the real libraries make of random sizes, as JSON.

Only the pixels are left out: pictures have none, and the resize of a video is told its size and
returns a view of one number. All sizes, rounding and refusals are the libraries' own.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import torch
from PIL import Image
from qwen_vl_utils import vision_process
from transformers import AutoImageProcessor


class Blank(Image.Image):
    """A picture that has a size and nothing else."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        self._size = size
        self._mode = "RGB"

    def convert(self, *_: Any, **__: Any) -> Blank:
        return self

    def resize(self, size: tuple[int, int], *_: Any, **__: Any) -> Blank:
        if min(size) <= 0:
            raise ValueError("nothing is left")
        return Blank(size)


def resized(video: torch.Tensor, size: list[int], **_: Any) -> torch.Tensor:
    if min(size) <= 0:
        raise ValueError("nothing is left")
    return torch.zeros(1).expand(video.shape[0], 3, *size)


def image(case: dict[str, Any], processor: Any) -> list[int]:
    more = {"max_pixels": case["max_pixels"]} if case["max_pixels"] else {}
    seen = vision_process.fetch_image(
        {"image": Blank((case["width"], case["height"])), **more}, image_patch_size=case["patch"]
    )
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

    side = case["patch"]
    width, height = seen.size
    # As preprocessor_config.json says: 3 136 pixels of Qwen2-VL and 2.5, 65 536 of Qwen3-VL.
    least = 4 if side == 14 else 64
    limits = {"min_pixels": least * (2 * side) ** 2, "max_pixels": 16384 * (2 * side) ** 2}
    high, wide = smart_resize(height, width, factor=2 * side, **limits)
    patches = processor.get_number_of_image_patches(
        height, width, {**limits, "patch_size": side, "merge_size": 2}
    )
    assert patches == high // side * (wide // side)
    return [1, high // side, wide // side]


def video(case: dict[str, Any]) -> list[int]:
    ele = {"video": "there.mp4"}
    # Only one of the two may be given.
    ele |= {"nframes": case["nframes"]} if case["nframes"] else {"fps": case["fps"]}
    ele |= {k: case[k] for k in ("max_pixels", "total_pixels", "max_frames") if case[k]}

    def read(asked: dict[str, Any]) -> tuple[torch.Tensor, dict[str, Any], float]:
        count = vision_process.smart_nframes(
            asked, total_frames=case["frames"], video_fps=case["source_fps"]
        )
        return torch.zeros(1).expand(count, 3, case["height"], case["width"]), {}, 1.0

    for name in vision_process.VIDEO_READER_BACKENDS:
        vision_process.VIDEO_READER_BACKENDS[name] = read
    found = vision_process.fetch_video(ele, image_patch_size=case["patch"])
    count, _, high, wide = found.shape
    return [count // 2, high // case["patch"], wide // case["patch"]]


def main() -> None:
    vision_process.transforms.functional.resize = resized
    vision_process.to_rgb = lambda picture: picture
    request = json.loads(sys.stdin.read())
    processor = AutoImageProcessor.from_pretrained(request["processor"])
    out = []
    for case in request["cases"]:
        try:
            out.append(video(case) if "fps" in case else image(case, processor))
        except (ValueError, AssertionError) as error:
            out.append(str(error).split(",", maxsplit=1)[0] or "refused")
    sys.stdout.write(json.dumps(out) + "\n")


if __name__ == "__main__":
    main()
