"""The recipes read back, say where they come from, and carry the facts."""

import csv
import shutil
from pathlib import Path

import pytest

from setup_assistant.catalog import models, stacks, torch
from setup_assistant.catalog.recipes import load_all
from setup_assistant.errors import SetupError
from setup_assistant.versions import numbers

ROOT = Path(__file__).resolve().parents[2]
# What the release matrices, build scripts and model configurations say, written down apart from
# the recipes.
FACTS = Path(__file__).with_name("facts")
RECIPES = load_all()


def _rows(name: str) -> list[dict[str, str]]:
    with (FACTS / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_every_row_says_where_it_comes_from() -> None:
    table = RECIPES.torch
    rows = [
        *table.release, *table.floor, *table.last_branch, table.jetson, *RECIPES.stacks.stack,
        *RECIPES.stacks.decoder, *RECIPES.stacks.quantizer, *RECIPES.stacks.companion,
        *RECIPES.models, *RECIPES.mirrors,
    ]  # fmt: skip
    assert len(rows) > 60
    assert all(row.source and numbers(row.date) >= (2026,) for row in rows)
    assert all(build.source for release in table.release for build in release.builds)


def test_releases_are_ordered_from_new_to_old() -> None:
    ranks = [numbers(release.torch) for release in RECIPES.torch.release]
    assert ranks == sorted(ranks, reverse=True)
    assert len({rank[:2] for rank in ranks}) == len(ranks)


def test_torchvision_and_python_never_go_back() -> None:
    for newer, older in zip(RECIPES.torch.release, RECIPES.torch.release[1:], strict=False):
        assert numbers(newer.torchvision) > numbers(older.torchvision)
        assert numbers(newer.python[0]) >= numbers(older.python[0])
        assert numbers(newer.python[1]) >= numbers(older.python[1])
        assert numbers(newer.glibc) >= numbers(older.glibc)


def test_stacks_come_newest_first() -> None:
    versions = [numbers(s.transformers) for s in RECIPES.stacks.stack]
    assert versions == sorted(versions, reverse=True)


def test_the_torch_table_carries_the_facts() -> None:
    facts = {(r["torch"], r["cuda_tag"]): r for r in _rows("torch_wheels.csv")}
    for release in RECIPES.torch.release:
        for tag in [build.tag for build in release.builds]:
            row = facts[release.torch, tag]
            assert row["torchvision"] == release.torchvision
            assert row["python_min"] == release.python[0]
            if release.torch != "2.5.1":  # torch has 3.13 wheels there, torchvision has none
                assert row["python_max"] == release.python[1]
            default = row["pypi_default_linux_x86_64"] == "yes"
            assert default == (release.pypi["x86_64"] == tag)


def test_kernel_lists_carry_the_facts() -> None:
    compared = 0
    facts = {(r["torch"], r["cuda_tag"], r["platform"]): r for r in _rows("wheel_sm.csv")}
    for release in RECIPES.torch.release:
        line = ".".join(release.torch.split(".")[:2])
        for build in release.builds:
            for arch in ("x86_64", "aarch64"):
                name, row = getattr(build, arch), facts.get((line, build.tag, f"linux_{arch}"))
                assert (name is None) == (row is None), (line, build.tag, arch)
                if row is None:
                    continue
                codes = [f"{c[:-1]}.{c[-1]}" for c in row["sm_list"].split(") ")[-1].split(";")]
                if row["sm_list"].startswith("(unverified)"):
                    assert not build.verified
                    codes.remove("3.7")
                assert list(RECIPES.torch.kernels[name]) == codes
                compared += 1
    assert compared > 50


def test_models_carry_the_facts() -> None:
    known = {m.id: m for m in RECIPES.models}
    rows = _rows("models.csv")
    own = [m for m in known.values() if m.base or m.id == "canary"]
    assert len(rows) == len(known) - len(own)
    for row in rows:
        model = known[row["model_id"]]
        assert model.weights_bytes == int(row["weights_on_gpu_bytes"])
        assert model.download_bytes == int(row["safetensors_total_bytes"])
        assert model.min_transformers == row["min_transformers"]
        assert model.vision.patch == int(row["patch"])
        for key in ("params_total", "params_vision", "params_lang_linear", "hidden", "layers",
                    "heads", "kv_heads", "head_dim", "intermediate", "vocab", "vit_dim",
                    "vit_heads", "vit_depth", "vit_mlp", "max_position_embeddings"):  # fmt: skip
            assert getattr(model.shapes, key) == int(row[key]), (model.id, key)
        assert model.shapes.tie_word_embeddings == (row["tie_word_embeddings"] == "True")


def test_the_canary_is_never_chosen_by_itself() -> None:
    canary = next(m for m in RECIPES.models if m.id == "canary")
    assert not canary.auto
    assert canary.download_bytes == 0


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("torch.toml", "cuda = 13", 'cuda = "13"', "floor"),
        ("torch.toml", 'x86_64 = "turing-blackwell"', 'x86_64 = "nobody"', "nobody"),
        ("torch.toml", 'tag = "cu130"', 'tag = "cu131"', "cu131"),
        ("stacks.toml", 'torch_min = "2.6"', "torch_min = 2.6", "torch_min"),
        ("models/qwen2-vl.toml", "hidden = 1_536", "hiden = 1_536", "hidden"),
        ("mirrors.toml", 'form = "index"', 'form = "page"', "form"),
    ],
)
def test_errors_name_file_and_key(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    folder = tmp_path / "recipes"
    shutil.copytree(ROOT / "recipes", folder, ignore=shutil.ignore_patterns("canary"))
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SetupError) as caught:
        load_all(folder)
    assert caught.value.code == "recipe_invalid"
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError) as caught:
        stacks.load(tmp_path)
    assert "stacks.toml" in str(caught.value)


def test_build_tags_name_their_cuda() -> None:
    assert torch.cuda_of("cu118") == "11.8"
    assert torch.cuda_of("cu130") == "13.0"


def test_a_variant_overrides_the_shapes_of_its_size() -> None:
    sizes = {m.id: m.shapes.intermediate for m in models.load()}
    assert sizes["Qwen/Qwen2-VL-72B-Instruct"] == 29_568
    assert sizes["Qwen/Qwen2-VL-72B-Instruct-AWQ"] == 29_696
