"""Files from outside: the canary's sums, and what a model folder cannot do without."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from setup_assistant.catalog import canary as canary_recipe
from setup_assistant.host import files
from setup_assistant.verify.files_check import FilesReport, canary_files
from setup_assistant.verify.model_files import compared_with, model_files
from setup_assistant.weights import folder_record


def causes_of(report: FilesReport) -> list[str | None]:
    return [check.cause for check in report.checks]


@pytest.fixture
def folder(recipes: Path) -> Path:
    return recipes / "canary" / "model"


def test_untouched_files_pass(recipes: Path, folder: Path) -> None:
    report = canary_files(canary_recipe.load(recipes))
    assert causes_of(report) == [None, None]
    assert report.stops is None
    assert causes_of(model_files(folder)) == [None]


def test_it_is_known_what_weights_are_compared_with(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path / "cache"))
    assert compared_with(folder) == ""
    kept = [
        folder_record.Kept(path=p.name, size=p.stat().st_size, sha256="0" * 64, mtime=0)
        for p in folder.iterdir()
    ]
    mine = folder_record.Manifest(model="A/B", source="x", complete=True, files=tuple(kept))
    folder_record.save(folder, mine)
    assert compared_with(folder) == "record"
    # Copied from somewhere, it vouches for nothing.
    shutil.copytree(folder, tmp_path / "copy")
    assert compared_with(tmp_path / "copy") == ""


def test_a_swap_is_one_fault_and_a_third_change_another(recipes: Path) -> None:
    pictures = recipes / "canary" / "pictures"
    names = ("red-circle.png", "green-triangle.png", "red-square.jpg")
    a, b, c = (pictures / n for n in names)
    kept = a.read_bytes()
    a.write_bytes(b.read_bytes())
    b.write_bytes(kept)
    c.write_bytes(b"other")
    report = canary_files(canary_recipe.load(recipes))
    assert causes_of(report) == [None, "fixtures-swapped"]
    assert report.blames[str(a)].cause == "fixtures-swapped"
    assert report.blames[str(b)].values == {
        "first": "pictures/green-triangle.png",
        "second": "pictures/red-circle.png",
    }
    assert report.blames[str(c)].cause == "fixture-changed"


def test_a_changed_model_is_no_changed_picture(recipes: Path) -> None:
    with (recipes / "canary" / "model" / "config.json").open("ab") as file:
        file.write(b" ")
    weights, fixtures = causes_of(canary_files(canary_recipe.load(recipes)))
    assert weights is not None
    assert fixtures is None


def test_a_ring_of_three_is_no_swap(recipes: Path) -> None:
    pictures = recipes / "canary" / "pictures"
    ring = [pictures / n for n in ("red-circle.png", "green-triangle.png", "red-square.jpg")]
    contents = [p.read_bytes() for p in ring]
    for path, content in zip(ring, contents[1:] + contents[:1], strict=True):
        path.write_bytes(content)
    report = canary_files(canary_recipe.load(recipes))
    assert {f.cause for f in report.blames.values()} == {"fixture-changed"}
    evidence = " ".join(report.checks[1].evidence)
    assert "it holds the content of pictures/green-triangle.png" in evidence


@pytest.mark.parametrize(
    ("name", "cause"),
    [("config.json", "config-missing"), ("preprocessor_config.json", "model-file-missing"),
     ("model.safetensors", "model-file-missing")],
)  # fmt: skip
def test_missing_files_stop_the_model(folder: Path, name: str, cause: str) -> None:
    (folder / name).unlink()
    report = model_files(folder)
    assert causes_of(report) == [cause]
    assert report.stops == cause


def test_either_form_of_tokenizer_will_do(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    assert causes_of(model_files(folder)) == [None]
    (folder / "vocab.json").unlink()
    assert causes_of(model_files(folder)) == ["model-file-missing"]


def test_a_config_that_is_no_json(folder: Path) -> None:
    (folder / "config.json").write_text("<html>", encoding="utf-8")
    assert model_files(folder).stops == "config-invalid"


@pytest.mark.parametrize("length", [3, 100, -1])
def test_weights_cut_short(folder: Path, length: int) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:length])
    report = model_files(folder)
    assert causes_of(report) == ["weights-truncated"]
    assert report.stops == "weights-truncated"


def test_a_shard_that_the_index_names(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "model-00001-of-00002.safetensors")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors",
                            "b": "model-00002-of-00002.safetensors"}}  # fmt: skip
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    check = model_files(folder).checks[0]
    assert check.cause == "model-file-missing"
    assert check.values["file"] == "model-00002-of-00002.safetensors"


def test_a_record_finds_a_changed_byte_even_with_the_old_time(folder: Path) -> None:
    import os

    path = folder / "model.safetensors"
    stat = path.stat()
    kept = folder_record.Kept(
        path=path.name, size=stat.st_size, sha256=files.sha256(path), mtime=stat.st_mtime_ns
    )
    folder_record.save(
        folder, folder_record.Manifest(model="m", source="s", complete=True, files=(kept,))
    )
    assert causes_of(model_files(folder)) == [None]
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(bytes(data))
    assert causes_of(model_files(folder, trust_unchanged=True)) == ["weights-changed"]
    os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    assert causes_of(model_files(folder)) == ["weights-changed"]
    # A changed byte does not keep the model from being asked: its answers tell more.
    assert model_files(folder).stops is None
