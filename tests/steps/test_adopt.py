"""An environment that somebody else made: taken over as it is, changed only with consent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.host.prefix import packages
from tests.built import Place
from tests.steps.index import Index, arguments, serving, small_recipes, tree

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Theirs:
    """An environment with every planned package in it, and no record of ours."""

    place: Place
    prefix: Path
    recipes: Path
    index: Index

    def up(self, site: Path, *more: str) -> dict[str, Any]:
        """Run `up` on it; the canary cannot answer, since the packages hold nothing."""
        return self.place.json(
            *arguments(site, self.index, "--env", str(self.prefix), *more),
            SETUP_ASSISTANT_RECIPES=str(self.recipes),
        )

    def lose(self, name: str) -> None:
        for path in self.prefix.glob(f"lib/python3*/site-packages/{name}*"):
            shutil.rmtree(path)

    def has(self, name: str) -> bool:
        return any(self.prefix.glob(f"lib/python3*/site-packages/{name}-*"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theirs]:
    folder = tmp_path_factory.mktemp("theirs")
    recipes = small_recipes(folder / "recipes")
    place = Place(folder / "home", folder / "cache")
    place.home.mkdir()
    with serving(recipes) as index:
        place.json(*arguments(folder / "site", index), SETUP_ASSISTANT_RECIPES=str(recipes))
        prefix = folder / "有 空格 theirs"
        shutil.copytree(folder / "site" / "env", prefix, symlinks=True)
        (prefix / ".setup-assistant.json").unlink()
        yield Theirs(place, prefix, recipes, index)


@pytest.fixture
def theirs(made: Theirs, tmp_path: Path) -> Theirs:
    prefix = tmp_path / "theirs"
    shutil.copytree(made.prefix, prefix, symlinks=True)
    return Theirs(made.place, prefix, made.recipes, made.index)


def first_step(done: dict[str, Any]) -> tuple[str, str]:
    step = done["data"]["steps"][0]
    return step["name"], step["status"]


def test_it_is_taken_over_as_it_is(theirs: Theirs, tmp_path: Path) -> None:
    before = tree(theirs.prefix)
    done = theirs.up(tmp_path / "site")
    assert first_step(done) == ("environment", "done"), done
    after = tree(theirs.prefix)
    assert after.pop(".setup-assistant.json")
    assert after == before
    marker = json.loads((theirs.prefix / ".setup-assistant.json").read_text())
    assert (marker["engine"], marker["complete"]) == ("adopted", True)
    assert first_step(theirs.up(tmp_path / "site")) == ("environment", "already")
    # Only our own record in it is ours to remove.
    assert theirs.place.run("uninstall", "--yes", "--site", str(tmp_path / "site")).returncode == 0
    assert tree(theirs.prefix) == before


def test_a_package_that_would_change_needs_consent(theirs: Theirs, tmp_path: Path) -> None:
    theirs.lose("accelerate")
    before = tree(theirs.prefix)
    done = theirs.up(tmp_path / "site")
    (error,) = done["errors"]
    assert error["code"] == "environment_differs"
    assert "accelerate - →" in error["message"]
    assert "torch" not in error["message"]
    assert tree(theirs.prefix) == before
    agreed = theirs.up(tmp_path / "site", "--adopt")
    assert first_step(agreed) == ("environment", "done"), agreed
    assert theirs.has("accelerate")
    kept = (tmp_path / "site" / "adopted-before.txt").read_text()
    assert "torch==" in kept
    assert "accelerate" not in kept


def test_what_drifts_later_needs_consent_again(theirs: Theirs, tmp_path: Path) -> None:
    theirs.up(tmp_path / "site")
    theirs.lose("accelerate")
    done = theirs.up(tmp_path / "site")
    assert done["errors"][0]["code"] == "environment_differs"
    assert "accelerate" in done["data"]["notes"][0]
    assert not theirs.has("accelerate")


def test_one_whose_python_is_gone_is_never_replaced(theirs: Theirs, tmp_path: Path) -> None:
    theirs.up(tmp_path / "site")
    for name in ("python", "python3"):
        (theirs.prefix / "bin" / name).unlink(missing_ok=True)
    before = tree(theirs.prefix)
    assert theirs.up(tmp_path / "site")["errors"][0]["code"] == "env_broken"
    assert tree(theirs.prefix) == before


def test_what_the_planned_ones_depend_on_is_named_too(theirs: Theirs, tmp_path: Path) -> None:
    """The list that asks for consent is what then happens: what fits is left alone."""
    site_packages = next(theirs.prefix.glob("lib/python3*/site-packages"))
    for name, version in (("numpy", "1.26.4"), ("idna", "3.1")):
        info = site_packages / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "RECORD").write_text(f"{info.name}/METADATA,,\n{info.name}/RECORD,,\n")
    theirs.index.packages |= {"numpy": {"1.26.4", "2.4.6"}, "idna": {"3.1", "3.9"}}
    theirs.index.needs["accelerate"] = ("numpy>=2", "idna")
    theirs.lose("accelerate")
    before = packages(theirs.prefix)
    done = theirs.up(tmp_path / "site")
    said = done["errors"][0]["message"]
    assert "numpy 1.26.4 → 2.4.6" in said, done
    assert "idna" not in said
    assert "torch" not in said
    theirs.up(tmp_path / "site", "--adopt")
    lines = (tmp_path / "site" / "ledger.jsonl").read_text().splitlines()
    foreseen, changed = [json.loads(x)["changed"] for x in lines if "changed" in json.loads(x)]
    assert foreseen == changed
    assert set(changed) == {"accelerate", "numpy"}
    assert changed["numpy"] == ["1.26.4", "2.4.6"]
    receipt = json.loads((tmp_path / "site" / "receipt.json").read_text())
    assert receipt["environment"]["put_back"] == changed
    assert_it_can_be_taken_back(theirs, tmp_path / "site", before)


def assert_it_can_be_taken_back(theirs: Theirs, site: Path, before: dict[str, str]) -> None:
    """What the adoption changed goes back; what its owner changed since then stays."""
    theirs.lose("qwen_vl_utils")
    shown = theirs.place.json("env", "rollback", str(theirs.prefix), "--dry-run")["data"]
    assert shown["changes"]["numpy"] == ["2.4.6", "1.26.4"]
    assert shown["left"] == {"qwen-vl-utils": [before.pop("qwen-vl-utils"), None]}
    assert theirs.has("accelerate")
    listed = theirs.place.json("uninstall", "--dry-run", "--site", str(site))
    assert str(theirs.prefix) in {i["path"] for i in listed["data"]["items"] if i["fate"] == "kept"}
    done = theirs.place.json("env", "rollback", str(theirs.prefix))
    assert done["status"] == "ok", done
    assert packages(theirs.prefix) == before
    assert theirs.place.json("env", "rollback", str(theirs.prefix))["data"]["changes"] == {}
    told = json.loads((site / "receipt.json").read_text())["environment"]
    assert (told["packages"], told["put_back"]) == (before, {})
