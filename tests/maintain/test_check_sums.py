"""The sums of weight files: read with the models, and checked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from setup_assistant.catalog.folder import recipes
from setup_assistant.catalog.models import known_sums, load
from setup_assistant.errors import SetupError
from setup_assistant.maintain.check import check

MODEL = "Qwen/Qwen2-VL-2B-Instruct"
SHARD = "model-00001-of-00002.safetensors"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Recipes to be changed."""
    shutil.copytree(
        recipes(), tmp_path / "recipes", ignore=shutil.ignore_patterns("canary", "causes")
    )
    return tmp_path / "recipes"


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "models" / "qwen2-vl.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_sums_are_known_for_some_models_and_none_for_others() -> None:
    found = known_sums(MODEL)
    assert set(found) == {SHARD, "model-00002-of-00002.safetensors"}
    assert known_sums("Qwen/Of-Nobody") == {}
    assert {m.id: m.sha256 for m in load()}[MODEL] == found


def test_two_models_never_share_a_file() -> None:
    sums = [digest for m in load() if not m.base for digest in m.sha256.values()]
    assert len(sums) == len(set(sums)) > 10


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (known_sums(MODEL)[SHARD], "0" * 63, "no sha256"),
        (known_sums(MODEL)[SHARD], "A" * 64, "no sha256"),
        (f'"{SHARD}" =', '"config.json" =', "owners mend"),
        (
            known_sums(MODEL)[SHARD],
            known_sums(MODEL)["model-00002-of-00002.safetensors"],
            "two files",
        ),
    ],
)
def test_what_is_no_sum_is_a_fault(own: Path, old: str, new: str, what: str) -> None:
    change(own, old, new)
    assert [f.what for f in check(own).faults if what in f.what]


def test_sums_of_a_model_that_is_not_there_are_refused(own: Path) -> None:
    change(own, f'[[sums]]\nid = "{MODEL}"', '[[sums]]\nid = "Qwen/Of-Nobody"')
    with pytest.raises(SetupError) as caught:
        load(own)
    assert caught.value.code == "recipe_invalid"
    assert "Of-Nobody" in str(caught.value.message)
