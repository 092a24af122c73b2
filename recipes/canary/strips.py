"""Make a film strip of every clip, for reports that are read on paper or without a decoder.

Run in an environment with PyAV and Pillow: `python strips.py`. Writes `strips/NAME.png`.
"""

from __future__ import annotations

from pathlib import Path

import av
from PIL import Image

HERE = Path(__file__).resolve().parent
FRAMES = 4
HEIGHT = 96
GAP = 4


def strip(clip: Path) -> Image.Image:
    """Return `FRAMES` pictures of a clip side by side, evenly spread from first to last."""
    with av.open(str(clip)) as container:
        frames = [f.to_image() for f in container.decode(video=0)]
    chosen = [frames[i * (len(frames) - 1) // (FRAMES - 1)] for i in range(FRAMES)]
    width = round(HEIGHT * chosen[0].width / chosen[0].height)
    drawn = Image.new("RGB", (FRAMES * width + (FRAMES - 1) * GAP, HEIGHT), "white")
    for i, frame in enumerate(chosen):
        drawn.paste(frame.resize((width, HEIGHT), Image.Resampling.LANCZOS), (i * (width + GAP), 0))
    return drawn


def main() -> None:
    """Write one strip per clip."""
    target = HERE / "strips"
    target.mkdir(exist_ok=True)
    for clip in sorted((HERE / "clips").glob("*.mp4")):
        # 64 colours: flat scenes lose nothing, and a report embeds every strip.
        small = strip(clip).quantize(64)
        small.save(target / f"{clip.stem}.png", optimize=True)


if __name__ == "__main__":
    main()
