"""No input leads the scripts past the plan's memory, or past the model's positions."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.catalog.models import Model
from setup_assistant.choose.memory import Setting, Work, estimate
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.vision_tokens import MARKERS, Grid
from setup_assistant.host import paths
from setup_assistant.site.layout import Layout, python_in
from setup_assistant.site.scripts import render_scripts
from tests import clips
from tests.choose.described import known, plan_for

HELPER = Path(__file__).parent / "ask_nothing.py"
DRAW = """
import json, sys
from PIL import Image
turned = Image.Exif()
turned[0x0112] = 6
for path, mode, width, height in json.load(sys.stdin):
    picture = Image.new(mode, (width, height), 90)
    more = [Image.new(mode, (width, height), 30)] * 3
    beside = {"save_all": True, "append_images": more} if path.endswith("gif") else {}
    picture.save(path, quality=30, **({"exif": turned} if mode == "RGB" else beside))
"""
NEW_TOKENS = 128
# (seconds, frames a second): one second to two hours.
LENGTHS = ((1, 10), (2, 30), (4, 97), (9, 25), (60, 5), (300, 2), (1200, 1), (3600, 1), (7200, 1))
SHAPES = ((160, 120), (1280, 720), (64, 64), (1600, 16), (360, 1000), (28, 28))
COUNTS = (1, 2, 3, 5, 9, 17, 40)
# Grey, without the usual colours, with transparency, several pictures in one, turned by its record.
KINDS = (("L", "jpg"), ("CMYK", "jpg"), ("RGBA", "png"), ("P", "gif"), ("RGB", "jpg"))
SIZES = ((4000, 3000), (640, 480), (28, 28), (1, 1), (5000, 40), (60, 900), (2044, 1372), (7, 333))


@dataclass(frozen=True)
class Case:
    """A card, the purpose and the plan for it."""

    spec: str
    purpose: str = "video"

    def plan(self) -> Plan:
        return plan_for("550.54.15", self.spec, purpose=self.purpose)


CASES = (
    Case("RTX 3060,8.6,12288,11900"),
    Case("RTX 3050,8.6,4096,3800"),
    Case("A100,8.0,81920,81050", "images"),
    Case("GTX 1060,6.1,6144,6000", "try"),
    Case("RTX 4090,8.9,24564,24000", "documents"),
)

# A hundred requests take three minutes of processor time: they are for the night.
LIMIT = 3600  # seconds, on a machine that has twenty other things to do
if not os.environ.get("SETUP_ASSISTANT_TEST_SEARCH"):
    CASES = CASES[:3]
    LIMIT = 1200
CLIPS = 13 if len(CASES) > 3 else 6


def scripts(plan: Plan, root: Path) -> Path:
    """Write the scripts; the model's folder holds the canary, with its processor."""
    layout = Layout(root)
    folder = layout.weights(plan.model.modelscope_id)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(paths.recipes_folder() / "canary" / "model")
    for name, text in render_scripts(plan, layout, paths.recipes_folder()).items():
        (root / name).write_text(text, encoding="utf-8")
    return root


def drawn(env: Path, folder: Path) -> dict[tuple[int, int], Path]:
    """Draw a picture of every size with the environment's own library."""
    # Those of the clips are plain JPEG, as their format has it.
    kinds = {s: KINDS[n % len(KINDS)] for n, s in enumerate(SIZES)} | dict.fromkeys(
        SHAPES, KINDS[4]
    )
    found = {s: folder / f"{s[0]}x{s[1]}.{suffix}" for s, (_mode, suffix) in kinds.items()}
    wanted = [(str(path), kinds[size][0], *size) for size, path in found.items()]
    subprocess.run(
        [python_in(env), "-c", DRAW], input=json.dumps(wanted), text=True, check=True, timeout=900
    )
    return found


def filmed(pictures: dict[tuple[int, int], Path], folder: Path, chance: random.Random) -> list[str]:
    """Make a clip of every length; the shape is left to chance."""
    found = []
    for number, (seconds, fps) in enumerate(LENGTHS * 4):
        width, height = chance.choice(SHAPES)
        path = folder / f"{number}.avi"
        clips.write(
            path, pictures[width, height].read_bytes(), width=width, height=height,
            frames=seconds * fps, fps=fps,
        )  # fmt: skip
        found.append(str(path))
    return found


def need(model: Model, plan: Plan, seen: dict[str, Any]) -> int:
    """Return what the formula says of what the script asked."""
    grids = tuple(Grid(*grid, model.vision.merge) for grid in seen["grids"])
    text = seen["tokens"] - sum(g.tokens + MARKERS for g in grids)
    setting = Setting(
        dtype=plan.model.dtype,
        part="8.0" if plan.model.dtype == "bfloat16" else "6.1",
        transformers=plan.transformers.version,
        torch=plan.torch.version,
    )
    work = Work(grids=grids, text_tokens=text, new_tokens=NEW_TOKENS)
    return estimate(model, work, setting).total


@pytest.mark.e2e
@pytest.mark.timeout(LIMIT)
def test_no_input_leads_past_plan_and_positions(built_environment: Path, tmp_path: Path) -> None:
    chance = random.Random(17)
    pictures = drawn(built_environment, tmp_path)
    films = filmed(pictures, tmp_path, chance)
    plans = [case.plan() for case in CASES]
    requests: list[tuple[Plan, str, list[str]]] = []
    for number, plan in enumerate(plans):
        root = scripts(plan, tmp_path / f"site-{number}")
        film = str(root / "video.py")
        requests += [(plan, film, [path]) for path in chance.sample(films, CLIPS)]
        for count in COUNTS:
            some = [str(pictures[chance.choice(SIZES)]) for _ in range(count)]
            name = "image.py" if count == 1 else "multi_image.py"
            requests.append((plan, str(root / name), [*some, "What is this?"]))
    requests.append((plans[0], str(tmp_path / "site-0" / "image.py"),
                     [str(pictures[640, 480]), "Why? " * 20_000]))  # fmt: skip
    done = subprocess.run(
        [python_in(built_environment), HELPER],
        input=json.dumps([r[1:] for r in requests]),
        capture_output=True, text=True, check=False, timeout=LIMIT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(answers) == len(requests)
    refused = 0
    for (plan, script, arguments), seen in zip(requests, answers, strict=True):
        if "refused" in seen:
            refused += 1
            continue
        model = next(m for m in known().models if m.id == plan.model.id)
        where = (plan.model.id, script, arguments[:2], seen)
        assert seen["tokens"] + NEW_TOKENS <= model.shapes.max_position_embeddings, where
        budget = plan.model.budget_bytes
        assert budget is not None
        assert need(model, plan, seen) <= budget, where
    assert "refused" in answers[-1], "a question of 20 000 words"
    # What is thinned or shrunk is answered; only what cannot be made to fit is refused.
    assert refused <= len(requests) // 5, [a for a in answers if "refused" in a]
    assert "one every" in done.stderr


def test_the_clips_are_what_they_say(tmp_path: Path) -> None:
    """Checked against the format itself: sizes of every chunk, and their number."""
    path = tmp_path / "a.avi"
    clips.write(path, b"\xff\xd8\xff\xd9", width=16, height=16, frames=5, fps=2)
    data = io.BytesIO(path.read_bytes())
    assert data.read(4) == b"RIFF"
    assert int.from_bytes(data.read(4), "little") == path.stat().st_size - 8
    assert path.read_bytes().count(b"00dc") == 10


def test_the_plan_says_how_much_and_the_scripts_repeat_it(tmp_path: Path) -> None:
    plan = Case("RTX 3060,8.6,12288,11900").plan()
    made = render_scripts(plan, Layout(tmp_path), paths.recipes_folder())
    assert f'"max_frames": {plan.model.video_max_frames}' in made["video.py"]
    assert f"MOST_PIXELS = {plan.model.video_total_pixels}\n" in made["video.py"]
    for name in ("image.py", "multi_image.py"):
        assert f"MOST_PIXELS = {plan.model.max_pixels * plan.model.pictures}\n" in made[name]
        assert f"MOST_TOKENS = {plan.model.max_prompt_tokens}\n" in made[name]
    old = dataclasses.replace(plan, model=dataclasses.replace(plan.model, max_prompt_tokens=0))
    text = render_scripts(old, Layout(tmp_path), paths.recipes_folder())["image.py"]
    assert f"MOST_TOKENS = {32_768 - 128}\n" in text
