"""`recipes prove`: a stack is built for real, asked, compared with its record, and gone again."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant import frozen_json
from setup_assistant.catalog import stacks
from setup_assistant.host import clock
from tests.built import ROOT, Built, Place
from tests.steps.index import serving, small_recipes

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(900),
]


MINOR = ".".join(map(str, sys.version_info[:2]))


@pytest.fixture
def home(tmp_path: Path) -> Place:
    """Return a place of its own, for which nothing large need be built."""
    (tmp_path / "home").mkdir()
    return Place(tmp_path / "home", tmp_path / "cache")


def _surround(home: Path, folder: Path) -> dict[str, str]:
    """Lay out packages that would break everything if they were imported."""
    for place in (folder, home / ".local" / "lib" / f"python{MINOR}" / "site-packages"):
        place.mkdir(parents=True)
        for name in ("torch", "transformers", "numpy", "PIL"):
            (place / f"{name}.py").write_text("raise SystemExit('a foreign package')\n")
    return {"PYTHONPATH": str(folder), "PIP_TARGET": str(folder), "PIP_USER": "1"}


def test_the_newest_is_proved_as_recorded(built: Built, home: Place, tmp_path: Path) -> None:
    """Whatever else is installed around it stays out of it."""
    recipes = shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    newest = next(p for p in stacks.load().proof if p.name == "newest")
    if newest.python != MINOR and not shutil.which(f"python{newest.python}"):
        pytest.skip(f"Python {newest.python} is not installed, with which it is recorded")
    done = home.json(
        "recipes", "prove", "newest", "--cpu", "--write", "--work", str(tmp_path / "work"),
        "--folder", str(recipes), UV_CACHE_DIR=str(built.place.cache / "uv"),
        **_surround(home.home, tmp_path / "foreign"),
    )  # fmt: skip
    proof = done["data"]["proofs"][0]
    assert (done["exit_code"], proof["status"]) == (0, "ok"), done
    assert (proof["reproduced"], proof["differences"]) == (True, {})
    assert newest.found
    assert proof["found"]["packages"]["torch"].startswith(newest.torch)
    assert proof["found"]["passed"] == proof["found"]["checks"] == newest.found.checks
    written = next(p for p in stacks.load(recipes).proof if p.name == "newest")
    assert written.found
    assert written.found.date >= newest.found.date
    assert not (tmp_path / "work").exists()


def test_a_stack_that_does_not_answer_is_no_proof(home: Place, tmp_path: Path) -> None:
    recipes = small_recipes(tmp_path / "recipes")
    before = (recipes / "stacks.toml").read_text(encoding="utf-8")
    with serving(recipes) as index:
        done = home.json(
            "recipes", "prove", "newest", "python-3.10", "--cpu", "--work", str(tmp_path / "work"),
            "--python", MINOR, "--folder", str(recipes), UV_DEFAULT_INDEX=index.url,
        )  # fmt: skip
    one, other = done["data"]["proofs"]
    # The packages are empty: they install, and answer nothing.
    assert (one["status"], one["error"], one["reproduced"]) == ("failed", "proof_failed", False)
    assert one["differences"]["result"]["now"].startswith("fail")
    # Its stack has nothing for a newer Python than its own.
    if MINOR != "3.10":
        assert (other["status"], other["error"]) == ("not-tried", "no_wheel")
    assert done["exit_code"] == 1
    assert (recipes / "stacks.toml").read_text(encoding="utf-8") == before
    assert not (tmp_path / "work").exists()


def test_a_run_that_was_stopped_keeps_what_it_has_proved(home: Place, tmp_path: Path) -> None:
    newest = next(p for p in stacks.load().proof if p.name == "newest")
    assert newest.found
    work = tmp_path / "work"
    work.mkdir()
    today = replace(newest.found, date=clock.now()[:10])
    (work / "newest.proved.json").write_text(json.dumps(frozen_json.to_builtins(today)))
    done = home.json("recipes", "prove", "newest", "--cpu", "--work", str(work))
    assert done["data"]["proofs"][0]["reproduced"]
    assert done["data"]["proofs"][0]["seconds"] == 0
    # All of this run is done: the next one proves anew.
    assert not work.exists()


def test_names_and_listing(home: Place) -> None:
    listed = home.json("recipes", "prove", "--list")["data"]["proofs"]
    assert [p["name"] for p in listed] == [p.name for p in stacks.load().proof]
    by_torch = home.json("recipes", "prove", "--list", "2.10.0")["data"]["proofs"]
    assert [p["name"] for p in by_torch] == ["volta-blackwell"]
    unknown = home.json("recipes", "prove", "2.1")
    assert (unknown["errors"][0]["code"], unknown["exit_code"]) == ("proof_unknown", 2)
    assert home.json("recipes", "prove")["exit_code"] == 2
