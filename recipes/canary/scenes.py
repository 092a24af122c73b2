"""Draw simple scenes whose descriptions are known exactly.

A scene is one plain shape on light paper, as a picture or as a four-second clip, with the
question put to the model and the one right answer. Everything follows from a seed.
Needs NumPy and Pillow; clips also need PyAV (with libx264).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

# name, Chinese name, central sRGB value
COLOURS: tuple[tuple[str, str, tuple[int, int, int]], ...] = (
    ("red", "红色", (215, 40, 40)),
    ("green", "绿色", (35, 160, 70)),
    ("blue", "蓝色", (40, 85, 220)),
    ("yellow", "黄色", (240, 200, 30)),
    ("purple", "紫色", (145, 50, 175)),
    ("black", "黑色", (28, 28, 28)),
)
# name, plural, Chinese name
SHAPES: tuple[tuple[str, str, str], ...] = (
    ("circle", "circles", "圆形"),
    ("square", "squares", "方形"),
    ("triangle", "triangles", "三角形"),
)
# English phrase, Chinese word, unit step (x to the right, y down)
DIRECTIONS: tuple[tuple[str, str, tuple[int, int]], ...] = (
    ("to the left", "左", (-1, 0)),
    ("to the right", "右", (1, 0)),
    ("up", "上", (0, -1)),
    ("down", "下", (0, 1)),
)
KINDS = ("image", "multi-image", "video")
LANGUAGES = ("en", "zh")
QUESTIONS: dict[tuple[str, str], str] = {
    ("image", "en"): "Describe this image.",
    ("image", "zh"): "描述这张图片。",
    ("multi-image", "en"): "Identify the similarities between these images.",
    ("multi-image", "zh"): "找出这些图片的相似之处。",
    ("video", "en"): "Describe this video.",
    ("video", "zh"): "描述这段视频。",
}

# Height and width in pixels, multiples of 28, so that no step on the way to the model rescales.
# A clip must have at least 128 * 28 * 28 pixels a frame for the same reason.
IMAGE_SIZE = (168, 168)
CLIP_SIZE = (308, 336)
CLIP_FRAMES = 40
CLIP_FPS = 10
# qwen-vl-utils asked for one frame a second takes these four frames of a clip.
SAMPLED_FRAMES = (0, 13, 26, 39)
RADIUS = (30.0, 46.0)
# Travel in pixels over a whole clip: 26 to 38 between two sampled frames, about a patch or two,
# so that the moved edges can be seen locally.
TRAVEL = (78.0, 114.0)
MARGIN = 4.0
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass
class Objects:
    """N coloured shapes, each at F places: one for a picture, one per frame for a clip."""

    shape: np.ndarray  # (N,) index into SHAPES
    rgb: np.ndarray  # (N, 3) float, 0 to 255
    paper: np.ndarray  # (N, 3) float, 0 to 255
    centre: np.ndarray  # (N, F, 2) pixels, x then y
    radius: np.ndarray  # (N,) pixels
    softness: np.ndarray  # (N,) width of the edge in pixels


@dataclass
class Scene:
    """Files on disk, the question about them and the right answer."""

    kind: str
    language: str
    files: list[Path]
    question: str
    answer: str


def describe(
    kind: str, language: str, colours: Sequence[int], shapes: Sequence[int], direction: int = 0
) -> str:
    """Return the one right answer; `colours` and `shapes` hold one index per picture."""
    colour, colour_zh, _ = COLOURS[colours[0]]
    shape, plural, shape_zh = SHAPES[shapes[0]]
    if kind == "image":
        return f"A {colour} {shape}." if language == "en" else f"一个{colour_zh}的{shape_zh}。"
    if kind == "video":
        phrase, word, _ = DIRECTIONS[direction]
        if language == "en":
            return f"A {colour} {shape} moves {phrase}."
        return f"一个{colour_zh}的{shape_zh}向{word}移动。"
    same_colour, same_shape = colours[0] == colours[1], shapes[0] == shapes[1]
    if same_colour and same_shape:
        return (
            f"Both are {colour} {plural}." if language == "en" else f"都是{colour_zh}的{shape_zh}。"
        )
    if same_colour:
        return f"Both are {colour}." if language == "en" else f"都是{colour_zh}的。"
    if same_shape:
        return f"Both are {plural}." if language == "en" else f"都是{shape_zh}。"
    return "They have nothing in common." if language == "en" else "没有共同点。"


def sample_pairs(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return colours and shapes, each (count, 2), the four sorts of likeness equally often."""
    likeness = rng.integers(4, size=count)  # 0 both, 1 colour, 2 shape, 3 neither
    colours = rng.integers(len(COLOURS), size=(count, 2))
    shapes = rng.integers(len(SHAPES), size=(count, 2))
    other_colour = colours[:, 0] + rng.integers(1, len(COLOURS), size=count)
    other_shape = shapes[:, 0] + rng.integers(1, len(SHAPES), size=count)
    colours[:, 1] = np.where(likeness <= 1, colours[:, 0], other_colour % len(COLOURS))
    shapes[:, 1] = np.where(likeness % 2 == 0, shapes[:, 0], other_shape % len(SHAPES))
    return colours, shapes


def place(
    rng: np.random.Generator,
    colours: np.ndarray,
    shapes: np.ndarray,
    size: tuple[int, int],
    directions: np.ndarray | None = None,
    times: Sequence[float] = (0.0,),
) -> Objects:
    """Choose size, place and exact tint for each object.

    `directions` (N,) makes them move; `times`, 0 to 1, are the F moments to be drawn.
    """
    count = len(colours)
    radius = rng.uniform(*RADIUS, size=count)
    step = np.zeros((count, 2))
    if directions is not None:
        travel = rng.uniform(*TRAVEL, size=(count, 1))
        step = np.array([entry[2] for entry in DIRECTIONS])[directions] * travel
    extent = np.array([size[1], size[0]], dtype=float)
    edge = radius[:, None] + MARGIN
    low = edge + np.maximum(-step, 0)
    high = extent - edge - np.maximum(step, 0)
    start = rng.uniform(low, high)
    moments = np.asarray(times, dtype=float)[None, :, None]
    base = np.array([entry[2] for entry in COLOURS], dtype=float)[colours]
    paper = rng.uniform(226, 252, size=(count, 1)) + rng.uniform(-4, 4, size=(count, 3))
    return Objects(
        shape=shapes,
        rgb=np.clip(base + rng.uniform(-14, 14, size=(count, 3)), 0, 255),
        paper=np.clip(paper, 0, 255),
        centre=start[:, None, :] + step[:, None, :] * moments,
        radius=radius,
        softness=rng.uniform(1.0, 2.5, size=count),
    )


def signed_distance(shape: int, x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    """Return distances in pixels from the outline, below zero inside; x and y broadcast."""
    if shape == 0:
        return np.sqrt(x * x + y * y) - np.float32(radius)
    if shape == 1:
        return np.maximum(np.abs(x), np.abs(y)) - np.float32(0.88 * radius)
    # Equilateral, point upwards, moved down a little so that it fills its box.
    lower = y - np.float32(0.72 * radius)
    slope = np.float32(0.866) * np.abs(x) - np.float32(0.5) * (y + np.float32(radius))
    return np.maximum(lower, slope)


def coverage(objects: Objects, size: tuple[int, int]) -> np.ndarray:
    """Return (N, F, H, W) float32: how much of each pixel the object covers, 0 to 1."""
    count, frames = objects.centre.shape[:2]
    out = np.zeros((count, frames, *size), dtype=np.float32)
    for item in range(count):
        reach = int(objects.radius[item]) + 4
        for frame in range(frames):
            x, y = objects.centre[item, frame]
            # Only the object's own box is worked out: the rest is plain paper.
            left, top = max(int(x) - reach, 0), max(int(y) - reach, 0)
            right, bottom = min(int(x) + reach, size[1]), min(int(y) + reach, size[0])
            across = (np.arange(left, right, dtype=np.float32) + 0.5 - np.float32(x))[None, :]
            down = (np.arange(top, bottom, dtype=np.float32) + 0.5 - np.float32(y))[:, None]
            far = signed_distance(int(objects.shape[item]), across, down, objects.radius[item])
            soft = np.float32(objects.softness[item])
            out[item, frame, top:bottom, left:right] = np.clip(0.5 - far / soft, 0, 1)
    return out


def paint(objects: Objects, size: tuple[int, int]) -> np.ndarray:
    """Return (N, F, H, W, 3) uint8 pictures."""
    covered = coverage(objects, size)[..., None]
    paper = objects.paper[:, None, None, None, :].astype(np.float32)
    rgb = objects.rgb[:, None, None, None, :].astype(np.float32)
    return np.rint(paper + covered * (rgb - paper)).astype(np.uint8)


def save_picture(pixels: np.ndarray, path: Path) -> None:
    """Write (H, W, 3) uint8 as PNG or JPEG, as the suffix says."""
    image = Image.fromarray(pixels)
    if path.suffix == ".png":
        image.save(path, optimize=True)
    else:
        image.save(path, quality=90)


def save_clip(frames: np.ndarray, path: Path) -> None:
    """Write (F, H, W, 3) uint8 as an H.264 clip."""
    import av  # only clips need it

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=CLIP_FPS)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        # One thread: the same bytes every time.
        stream.options = {"crf": "18", "preset": "medium", "threads": "1"}
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


def write_picture(rng: np.random.Generator, colour: int, shape: int, path: Path) -> Path:
    """Draw one picture of the given colour and shape to `path`."""
    objects = place(rng, np.array([colour]), np.array([shape]), IMAGE_SIZE)
    save_picture(paint(objects, IMAGE_SIZE)[0, 0], path)
    return path


def write_clip(
    rng: np.random.Generator, colour: int, shape: int, direction: int, path: Path
) -> Path:
    """Draw one clip of the given colour, shape and direction to `path`."""
    times = np.linspace(0, 1, CLIP_FRAMES)
    objects = place(
        rng, np.array([colour]), np.array([shape]), CLIP_SIZE, np.array([direction]), list(times)
    )
    save_clip(paint(objects, CLIP_SIZE)[0], path)
    return path


def fresh_scene(
    seed: int, folder: Path, kind: str | None = None, language: str | None = None
) -> Scene:
    """Draw the scene of `seed` into `folder`; kind and language also follow from the seed."""
    rng = np.random.default_rng(seed)
    kind = kind or KINDS[int(rng.integers(len(KINDS)))]
    language = language or LANGUAGES[int(rng.integers(len(LANGUAGES)))]
    direction = int(rng.integers(len(DIRECTIONS)))
    pair_colours, pair_shapes = sample_pairs(rng, 1)
    colours, shapes = pair_colours[0].tolist(), pair_shapes[0].tolist()
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "video":
        path = folder / f"scene-{seed}.mp4"
        files = [write_clip(rng, colours[0], shapes[0], direction, path)]
    else:
        files = []
        for number in range(2 if kind == "multi-image" else 1):
            suffix = PICTURE_SUFFIXES[int(rng.integers(len(PICTURE_SUFFIXES)))]
            path = folder / f"scene-{seed}-{number}{suffix}"
            files.append(write_picture(rng, colours[number], shapes[number], path))
    answer = describe(kind, language, colours, shapes, direction)
    return Scene(kind, language, files, QUESTIONS[kind, language], answer)


def main() -> None:
    """Draw the scenes of some seeds into a folder and print them, one JSON line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the drawn files")
    parser.add_argument("--seed", type=int, default=0, help="first seed (default: 0)")
    parser.add_argument("--scenes", type=int, default=6, help="how many (default: 6)")
    parser.add_argument("--kind", choices=KINDS, help="draw only this kind")
    parser.add_argument("--language", choices=LANGUAGES, help="ask only in this language")
    options = parser.parse_args()
    for seed in range(options.seed, options.seed + options.scenes):
        scene = fresh_scene(seed, options.out, options.kind, options.language)
        record = {**vars(scene), "files": [str(path) for path in scene.files]}
        print(json.dumps(record, ensure_ascii=False))


if __name__ == "__main__":
    main()
