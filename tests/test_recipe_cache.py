"""Recipes kept as they are used: never instead of a changed one, and never a reason to fail."""

import json
import shutil
from pathlib import Path

import pytest

from setup_assistant import frozen_json, recipe_cache
from setup_assistant.catalog import canary, causes, drivers, gpus, mirrors, smoke, torch
from setup_assistant.catalog.recipes import load_all
from setup_assistant.host import paths


@pytest.fixture
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of recipes of our own, and an empty cache folder beside it."""
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "recipes"
    shutil.copytree(paths.recipes_folder(), folder)
    return folder


def _kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "recipes").iterdir())


def test_what_was_kept_equals_what_was_read(recipes: Path, tmp_path: Path) -> None:
    def everything() -> tuple[object, ...]:
        causes.layer.cache_clear()
        return (
            load_all(recipes), smoke.load(recipes), *causes.every(recipes), canary.load(recipes),
            frozen_json.load_toml(recipes / "gpus.toml", gpus.GpuFile),
            frozen_json.load_toml(recipes / "drivers.toml", drivers.Drivers),
        )  # fmt: skip

    read = everything()
    files = _kept(tmp_path)
    assert len(files) == 1 + sum(
        len(list(recipes.glob(pattern))) for pattern in ("*.toml", "models/*.toml", "causes/*.toml")
    )
    marks = [f.stat().st_mtime_ns for f in files]
    again = everything()
    assert again == read
    assert repr(again) == repr(read)
    assert [f.stat().st_mtime_ns for f in _kept(tmp_path)] == marks


def test_a_changed_recipe_is_read_even_with_its_old_size_and_date(recipes: Path) -> None:
    import os

    path = recipes / "mirrors.toml"
    before = mirrors.load(recipes)
    status, text = path.stat(), path.read_text(encoding="utf-8")
    path.write_text(text.replace("pypi.org/simple", "pypi.net/simple"), encoding="utf-8")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = mirrors.load(recipes)
    assert before[0].url == "https://pypi.org/simple"
    assert after[0].url == "https://pypi.net/simple"


def test_a_recipe_that_is_wrong_fails_although_it_once_was_right(recipes: Path) -> None:
    torch.load(recipes)
    path = recipes / "torch.toml"
    path.write_text(path.read_text(encoding="utf-8") + "\nunfinished = [", encoding="utf-8")
    with pytest.raises(Exception, match=r"torch\.toml"):
        torch.load(recipes)


@pytest.mark.parametrize("cut", [0, 1, 40, 5000, -1])
def test_a_file_cut_short_is_ignored(recipes: Path, tmp_path: Path, cut: int) -> None:
    read = torch.load(recipes)
    (file,) = _kept(tmp_path)
    file.write_bytes(file.read_bytes()[:cut])
    assert torch.load(recipes) == read


def test_a_changed_value_is_noticed(recipes: Path, tmp_path: Path) -> None:
    read = torch.load(recipes)
    (file,) = _kept(tmp_path)
    data = file.read_bytes()
    at = data.rindex(b"cu132")
    file.write_bytes(data[:at] + b"cu139" + data[at + 5 :])
    assert torch.load(recipes) == read


def test_no_class_from_elsewhere_is_named(recipes: Path, tmp_path: Path) -> None:
    """Not even by a file whose checksum is right."""
    read = mirrors.load(recipes)
    (file,) = _kept(tmp_path)
    text = (recipes / "mirrors.toml").read_text(encoding="utf-8")
    kind = mirrors._File
    body = json.dumps({"value": [2, "x"], "classes": [["subprocess", "Popen", ["args"]]]})
    head = recipe_cache._head(text.encode(), body.encode())
    file.write_bytes(head + b"\n" + text.encode() + body.encode())
    assert recipe_cache.load(recipes / "mirrors.toml", text, kind) is None
    assert mirrors.load(recipes) == read


def test_a_cache_that_cannot_be_written_is_no_harm(
    recipes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path / "file"))
    assert mirrors.load(recipes) == mirrors.load(recipes)
