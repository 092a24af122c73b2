"""The scripts of a site: valid for every placement, and right with the canary."""

from __future__ import annotations

import ast
import dataclasses
import os
import subprocess
from pathlib import Path

import pytest

from setup_assistant.choose.plan import Package, Placement, Plan
from setup_assistant.host import paths
from setup_assistant.host.prefix import python_in
from setup_assistant.site.layout import Layout
from setup_assistant.site.scripts import HELPER, SCRIPTS, render_scripts
from tests.site import samples

GIB = 1 << 30


def rendered(plan: Plan, root: Path) -> dict[str, str]:
    made = dict(render_scripts(plan, Layout(root), paths.recipes_folder()))
    compile(made.pop(HELPER), HELPER, "exec")
    return made


def settings(text: str) -> dict[str, object]:
    """Return the constants at the top of a script."""
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id.isupper()
    }


def test_the_plan_is_in_every_script(tmp_path: Path) -> None:
    plan = samples.plan()
    scripts = rendered(plan, tmp_path)
    assert tuple(scripts) == SCRIPTS
    for name, text in scripts.items():
        compile(text, name, "exec")
        assert "@" not in text
        assert "dtype=torch.bfloat16" in text
        assert 'device_map={"": "cuda:0"}' in text
        assert '"CUDA_VISIBLE_DEVICES", "GPU-1234"' in text
        assert 'FORCE_QWENVL_VIDEO_READER"] = "decord"' in text
        assert settings(text)["MODEL"] == str(tmp_path / "models" / "Qwen2-VL-7B-Instruct")
    assert settings(scripts["image.py"])["MAX_PIXELS"] == plan.model.max_pixels
    pictures = settings(scripts["multi_image.py"])["PICTURES"]
    assert isinstance(pictures, list)
    assert len({Path(p).suffix for p in pictures}) == 2
    video = settings(scripts["video.py"])["VIDEO"]
    assert video == {
        "max_pixels": 360 * 420, "fps": 1.0, "total_pixels": 20_000_000, "max_frames": 768
    }  # fmt: skip


def test_questions_stand_in_both_languages(tmp_path: Path) -> None:
    scripts = rendered(samples.plan(), tmp_path)
    for text, question in zip(
        scripts.values(),
        ('# QUESTION = "描述这张图片。"', '# QUESTION = "找出这些图片的相似之处。"',
         '# QUESTION = "描述这段视频。"'),
        strict=True,
    ):  # fmt: skip
        assert question in text
        compile(text.replace("# QUESTION", "QUESTION"), "q", "exec")


def test_several_cards_get_a_limit_each(tmp_path: Path) -> None:
    place = Placement(device="cuda", gpus=("A", "B"), max_memory_bytes=(20 * GIB, 22 * GIB))
    for text in rendered(samples.plan(placement=place), tmp_path).values():
        compile(text, "s", "exec")
        assert 'device_map="auto"' in text
        assert f"max_memory={{0: {20 * GIB}, 1: {22 * GIB}}}" in text
        assert '"A,B"' in text


def test_older_transformers_gets_its_own_keyword(tmp_path: Path) -> None:
    old = Package(name="transformers", version="4.49.0")
    text = rendered(samples.plan(transformers=old), tmp_path)["image.py"]
    assert "torch_dtype=torch.bfloat16" in text


def test_a_small_cap_stays_above_nothing(tmp_path: Path) -> None:
    """qwen-vl-utils refuses a cap below its own minimum, unless that is lowered too."""
    base = samples.plan()
    small = dataclasses.replace(base.model, max_pixels=50_176)
    video = settings(rendered(samples.plan(model=small), tmp_path)["video.py"])["VIDEO"]
    assert isinstance(video, dict)
    assert video["max_pixels"] == video["min_pixels"] == 50_176


def test_odd_folders_stay_strings(tmp_path: Path) -> None:
    root = tmp_path / 'a "quoted" 目录' / "back\\slash"
    for text in rendered(samples.plan(), root).values():
        model = settings(text)["MODEL"]
        assert model == str(root / "models" / "Qwen2-VL-7B-Instruct")


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("name", "answer"),
    [("image.py", "A red circle."), ("multi_image.py", "Both are red."),
     ("video.py", "A red circle moves to the right.")],
)  # fmt: skip
def test_they_run_and_answer(
    tmp_path: Path, name: str, answer: str, built_environment: Path
) -> None:
    base = samples.plan(placement=Placement(device="cpu"))
    model = dataclasses.replace(base.model, id="canary", dtype="float32")
    plan = dataclasses.replace(base, model=model)
    script = tmp_path / name
    for each, text in render_scripts(plan, Layout(tmp_path), paths.recipes_folder()).items():
        (tmp_path / each).write_text(text, encoding="utf-8")
    python = python_in(built_environment)

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [python, script, *arguments], capture_output=True, text=True, timeout=900, check=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"},
        )  # fmt: skip
        return done.stdout.strip()

    assert run() == answer
    pictures = paths.recipes_folder() / "canary" / "pictures"
    blue = str(pictures / "blue-circle.jpeg")
    if name == "image.py":
        assert run(blue, "描述这张图片。") == "一个蓝色的圆形。"
    if name == "multi_image.py":  # both are pictures: neither is the question
        assert run(blue, str(pictures / "red-circle.png")) == "Both are circles."
