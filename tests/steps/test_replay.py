"""A lock is replayed on a second site with the network cut off: the same set, hashes compared."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.built import ROOT, Place
from tests.steps.index import arguments, serving, small_recipes, wheel

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class First:
    """A finished site, its wheels in a folder, and newer recipes for the second site."""

    folder: Path
    place: Place
    lock: Path
    wheels: Path
    newer: Path

    @property
    def packages(self) -> list[str]:
        """What is installed there."""
        return installed(self.lock.parent)

    def replay(self, site: Path, *more: str, cache: Path | None = None) -> dict[str, Any]:
        """Run `up` without any network; the index is gone, too."""
        own = {"SETUP_ASSISTANT_CACHE": str(cache)} if cache else {}
        return self.place.json(
            "up", "--yes", "--model", "canary", "--gpus", "none", "--backend", "uv", "--offline",
            "--site", str(site), *more, SETUP_ASSISTANT_RECIPES=str(self.newer), **own,
        )  # fmt: skip


def installed(site: Path) -> list[str]:
    return sorted(p.name for p in site.glob("env/lib/python3*/site-packages/*.dist-info"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> First:
    folder = tmp_path_factory.mktemp("first") / "第一 site"
    folder.mkdir()
    recipes = small_recipes(folder / "recipes")
    newer = {'accelerate = "1.15.0"': 'accelerate = "1.16.0"'}
    place = Place(folder / "home", folder / "cache")
    place.home.mkdir()
    with serving(recipes) as index:
        place.json(*arguments(folder / "site", index), SETUP_ASSISTANT_RECIPES=str(recipes))
        site = folder / "site"
        text = (site / "requirements.lock").read_text(encoding="utf-8")
        for name, some in index.packages.items():
            index.packages[name] = {v for v in some if f"{name}=={v} " in text}
        wheels = index.save(folder / "wheels")
    return First(folder, place, site / "requirements.lock", wheels,
                small_recipes(folder / "newer", **newer))  # fmt: skip


def status(done: dict[str, Any]) -> str:
    return str(done["data"]["steps"][0]["status"])


def test_from_the_cache_it_is_the_same_set(first: First, tmp_path: Path) -> None:
    # The recipes have moved on meanwhile: the lock decides, not they.
    done = first.replay(tmp_path / "site", "--lock", str(first.lock))
    assert status(done) == "done", done
    assert installed(tmp_path / "site") == first.packages
    assert "pip" in " ".join(first.packages)
    assert (tmp_path / "site" / "requirements.lock").read_bytes() == first.lock.read_bytes()
    # The lock may go: the site keeps a copy.
    again = first.replay(tmp_path / "site")
    assert status(again) == "already"


def test_from_a_wheelhouse_it_is_the_same_set(first: First, tmp_path: Path) -> None:
    done = first.replay(tmp_path / "site", "--lock", str(first.lock),
                        "--wheelhouse", str(first.wheels), cache=tmp_path / "c")  # fmt: skip
    assert status(done) == "done", done
    assert installed(tmp_path / "site") == first.packages


def test_with_no_network_at_all(first: First, tmp_path: Path) -> None:
    cut = ["unshare", "--net", "--map-root-user"]
    if sys.platform != "linux" or subprocess.run([*cut, "true"], check=False).returncode:
        pytest.skip("no network namespace can be made here")
    site, cache = tmp_path / "site", str(tmp_path / "c")
    subprocess.run(
        [*cut, *first.place.command(
            "up", "--yes", "--model", "canary", "--gpus", "none", "--offline", "--site", str(site),
            "--lock", str(first.lock), "--wheelhouse", str(first.wheels))],
        env=first.place.environment(
            SETUP_ASSISTANT_RECIPES=str(first.newer), SETUP_ASSISTANT_CACHE=cache),
        cwd=ROOT, capture_output=True, timeout=900, check=False,
    )  # fmt: skip
    assert installed(site) == first.packages


def test_a_wheelhouse_alone_decides_the_versions(first: First, tmp_path: Path) -> None:
    done = first.replay(tmp_path / "site", "--wheelhouse", str(first.wheels), cache=tmp_path / "c")
    assert status(done) == "done", done
    assert installed(tmp_path / "site") == first.packages


def test_a_tampered_wheel_is_refused_by_name(first: First, tmp_path: Path) -> None:
    wheels = shutil.copytree(first.wheels, tmp_path / "wheels")
    name, other = wheel("qwen-vl-utils", "0.0.14", size=7)
    (wheels / name).write_bytes(other)
    done = first.replay(tmp_path / "site", "--lock", str(first.lock),
                        "--wheelhouse", str(wheels), cache=tmp_path / "c")  # fmt: skip
    assert done["errors"][0]["code"] == "hash_mismatch"
    assert "qwen-vl-utils" in done["errors"][0]["message"]
    assert not (tmp_path / "site" / "env").exists()


def test_what_is_not_there_is_named(first: First, tmp_path: Path) -> None:
    wheels = shutil.copytree(first.wheels, tmp_path / "wheels")
    next(wheels.glob("qwen_vl_utils-*")).unlink()
    done = first.replay(tmp_path / "site", "--lock", str(first.lock),
                        "--wheelhouse", str(wheels), cache=tmp_path / "c")  # fmt: skip
    assert done["errors"][0]["code"] == "wheels_missing"
    assert "qwen-vl-utils" in done["errors"][0]["message"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("torch==2.15.0", "torch==2.99.0", "lock_unknown"),
        ("Linux-x86_64", "Linux-riscv64", "lock_elsewhere"),
        ("For Python 3.", "For Python 3.9", "lock_elsewhere"),
    ],
)
def test_a_lock_for_something_else_is_refused(
    first: First, tmp_path: Path, old: str, new: str, code: str
) -> None:
    lock = tmp_path / "other.lock"
    text = first.lock.read_text(encoding="utf-8")
    assert old in text
    lock.write_text(text.replace(old, new), encoding="utf-8")
    done = first.replay(
        tmp_path / "site", "--lock", str(lock), "--python", f"3.{sys.version_info[1]}"
    )
    assert (done["errors"][0]["code"], done["exit_code"]) == (code, 2)
    assert str(lock) in done["errors"][0]["message"]


def test_the_same_site_takes_another_lock(first: First, tmp_path: Path) -> None:
    site, other = tmp_path / "site", tmp_path / "other.lock"
    first.replay(site, "--lock", str(first.lock))
    name, data = wheel("accelerate", "1.16.0")
    wheels = shutil.copytree(first.wheels, tmp_path / "wheels")
    (wheels / name).write_bytes(data)
    text = first.lock.read_text(encoding="utf-8")
    start = text.index("accelerate==1.15.0")
    end = text.index("decord2==")
    entry = f"accelerate==1.16.0 \\\n    --hash=sha256:{hashlib.sha256(data).hexdigest()}\n"
    other.write_text(text[:start] + entry + text[end:], encoding="utf-8")
    done = first.replay(site, "--lock", str(other), "--wheelhouse", str(wheels))
    assert status(done) == "done", done
    assert "accelerate-1.16.0.dist-info" in installed(site)
