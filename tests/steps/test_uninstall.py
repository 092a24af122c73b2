"""What an uninstall takes: what this site has made here, as it was shown, and nothing else."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.agent.inside import job
from setup_assistant.cli.terminal import show
from setup_assistant.errors import SetupError
from setup_assistant.host import own_folders, paths
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import read_layout
from setup_assistant.site.write import write_site
from setup_assistant.steps import environment_record, swap, uninstall, uninstall_site
from setup_assistant.steps.environment_preflight import MARKER
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.ownership import SIGN, Owner, sign
from tests import forked
from tests.steps.made import MODEL, Made, forge


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SETUP_ASSISTANT_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("UV_CACHE_DIR", raising=False)


def mine(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "thesis.txt").write_text("years of work")
    return folder


def files_in(*folders: Path) -> set[str]:
    return {str(p) for f in folders for p in (f, *f.rglob("*")) if os.path.lexists(p)}


def uninstalled(root: Path, *, others: bool = True) -> tuple[dict[str, str], uninstall.Removed]:
    """Uninstall; return what was shown (path → fate) and what came of it."""
    layout = read_layout(root)
    cache = paths.cache_folder()
    items = uninstall.inventory(layout, other_sites=others, own_cache=cache)
    return {str(i.path): i.fate for i in items}, uninstall.remove(items, layout)


def run(*arguments: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(forked.run(*arguments, "--json").stdout)
    return value


def test_what_is_shown_is_what_is_then_gone(tmp_path: Path) -> None:
    before = files_in(tmp_path)
    run("env", "list")  # the first run makes the cache
    site = Made(tmp_path / "a site", tmp_path / "envs" / "q", tmp_path / "weights" / "q")
    (tmp_path / "envs" / "q.part").mkdir()
    (tmp_path / "a site" / ".plan.json.ab12_cde").write_text("killed")
    (tmp_path / "a site" / ".work").mkdir()
    shown = run("uninstall", "--site", str(tmp_path / "a site"), "--dry-run")["data"]["items"]
    there = files_in(tmp_path)
    done = run("uninstall", "--site", str(tmp_path / "a site"), "--yes")
    assert done["exit_code"] == 0, done

    def but_logs(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [i for i in items if not i["path"].endswith(".log")]

    # Every run has a log of its own.
    assert but_logs(done["data"]["items"]) == but_logs(shown)
    shown = done["data"]["items"]
    tops = {i["path"] for i in shown if i["fate"] == "remove" and i["kind"] != "line"}
    gone = there - files_in(tmp_path)
    # Every path that went was named, or lies in a folder that was.
    for path in gone:
        assert tops & {path, *map(str, Path(path).parents)}, path
    assert not {p for p in tops if os.path.lexists(p)}
    left = files_in(tmp_path) - before
    assert left == {str(tmp_path / "envs"), str(tmp_path / "weights")}
    assert not site.layout.root.exists()


def test_nothing_in_the_site_outlives_its_ledger(tmp_path: Path) -> None:
    """Killed in between, what is left could be anybody's."""
    layout = Made(tmp_path / "site").layout
    items = uninstall.inventory(layout, other_sites=False, own_cache=paths.cache_folder())
    inside = [i.path for i in items if layout.root in i.path.parents]
    assert layout.scripts in inside
    assert inside[-1] == layout.ledger


def test_the_next_run_sweeps_what_a_killed_one_left(tmp_path: Path) -> None:
    root = Made(tmp_path / "site").layout.root
    (root / ".plan.json.ab12_cde").write_text("killed")
    (root / ".work").mkdir()
    (root / ".work" / "pip.txt").write_text("killed after the environment was in place")
    (root / "notes.txt").write_text("mine")
    before = files_in(root)
    uninstall_site.sweep(Layout(root))
    gone = {Path(p).name for p in before - files_in(root)}
    assert gone == {".plan.json.ab12_cde", ".work", "pip.txt"}
    # Where somebody has put the scratch folder elsewhere, that place is theirs.
    (root / ".work").symlink_to(mine(tmp_path / "elsewhere"))
    uninstall_site.sweep(Layout(root))
    assert (tmp_path / "elsewhere" / "thesis.txt").is_file()


@pytest.mark.parametrize("tool", ["cp", "tar", "rsync-like"])
def test_a_copy_takes_nothing_of_the_original(tmp_path: Path, tool: str) -> None:
    site = Made(tmp_path / "site", tmp_path / "envs" / "q", tmp_path / "weights" / "q")
    copy = tmp_path / "copy"
    if tool == "cp":
        subprocess.run(["cp", "-a", str(site.layout.root), str(copy)], check=True)
    elif tool == "tar":
        copy.mkdir()
        archive = tmp_path / "t.tar"
        subprocess.run(["tar", "-C", str(site.layout.root), "-cf", archive, "."], check=True)
        subprocess.run(["tar", "-C", str(copy), "-xf", archive], check=True)
    else:
        shutil.copytree(site.layout.root, copy, symlinks=True)
    before = files_in(site.layout.root, tmp_path / "envs", tmp_path / "weights")
    shown, done = uninstalled(copy)
    assert files_in(site.layout.root, tmp_path / "envs", tmp_path / "weights") == before
    assert shown[str(site.layout.env)] == "kept"
    assert not copy.exists(), done
    # The original can still be taken away.
    uninstalled(site.layout.root)
    assert not site.layout.root.exists()
    assert list((tmp_path / "envs").iterdir()) == []
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_copy_takes_its_own_environment_and_weights(tmp_path: Path) -> None:
    site = Made(tmp_path / "site")
    subprocess.run(["cp", "-a", str(site.layout.root), str(tmp_path / "copy")], check=True)
    before = files_in(site.layout.root)
    (tmp_path / "copy" / "models" / "Qwen2-VL-2B-Instruct" / "notes.txt").write_text("mine")
    _shown, done = uninstalled(tmp_path / "copy")
    assert files_in(site.layout.root) == before
    (only,) = done.kept
    assert only.name == "notes.txt"


def test_a_moved_site_goes(tmp_path: Path) -> None:
    site = Made(tmp_path / "site", tmp_path / "envs" / "q", tmp_path / "weights" / "q")
    site.layout.root.rename(tmp_path / "moved")
    _shown, done = uninstalled(tmp_path / "moved")
    assert done.failed == ()
    assert not (tmp_path / "moved").exists()
    assert not site.layout.env.exists()
    assert not site.weights.exists()


def test_a_site_moved_to_another_disk_goes_without_what_lies_elsewhere(tmp_path: Path) -> None:
    site = Made(tmp_path / "site", tmp_path / "envs" / "q")
    shutil.copytree(site.layout.root, tmp_path / "moved", symlinks=True)
    shutil.rmtree(site.layout.root)
    shown, _done = uninstalled(tmp_path / "moved")
    assert shown[str(site.layout.env)] == "kept"
    assert site.layout.env.exists()
    assert not (tmp_path / "moved").exists()


def test_after_up_a_copy_is_a_site_of_its_own(tmp_path: Path) -> None:
    site = Made(tmp_path / "site", tmp_path / "envs" / "q")
    shutil.copytree(site.layout.root, tmp_path / "copy", symlinks=True)
    Ledger(tmp_path / "copy" / "ledger.jsonl").begin()
    first, second = site.ledger.home(), Ledger(tmp_path / "copy" / "ledger.jsonl").home()
    assert first
    assert second
    assert first.id != second.id
    shown, _done = uninstalled(tmp_path / "copy")
    assert shown[str(site.layout.env)] == "kept"
    assert site.layout.env.exists()


def test_a_site_begun_again_is_the_same(tmp_path: Path) -> None:
    site = Made(tmp_path / "site")
    text = site.layout.ledger.read_text()
    site.ledger.begin()
    assert site.layout.ledger.read_text() == text
    site.layout.root.rename(tmp_path / "moved")
    moved = Ledger(tmp_path / "moved" / "ledger.jsonl")
    home, owned = moved.home(), len(moved.owned())
    moved.begin()
    now = moved.home()
    assert home
    assert now
    assert (now.id, now.root) == (home.id, str(tmp_path / "moved"))
    assert len(moved.owned()) == owned


HOSTILE = (
    "..", "../..", "../mine", "../mine/thesis.txt", "/", "//", "", ".", "./..",
    "scripts/../../mine",
    "\x00", "a\x00b", "~", "~/", "$HOME", "x" * 5000, "../" * 50 + "etc/passwd", "/etc/passwd",
    "/proc/self", "mine", "out", "out/thesis.txt",
)  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
@pytest.mark.parametrize("kind", ["folder", "file", "cache"])
def test_a_received_ledger_takes_nothing_of_mine(tmp_path: Path, path: str, kind: str) -> None:
    mine(tmp_path / "mine")
    root = tmp_path / "received"
    forge(root, path, str(tmp_path / "mine"), str(tmp_path / "home"), kind=kind)
    mine(root / "mine")
    (root / "out").symlink_to(tmp_path / "mine")
    before = files_in(tmp_path / "mine", tmp_path / "home", root / "mine", root / "out")
    _shown, done = uninstalled(root)
    assert files_in(tmp_path / "mine", tmp_path / "home", root / "mine", root / "out") == before
    assert {root / "mine" / "thesis.txt", root / "mine"} & set(done.kept)


@pytest.mark.parametrize(
    "line",
    [
        [], {}, None, 5, "x", {"time": 1}, {"time": 1, "step": 2, "event": []},
        {"time": "t", "step": "s", "event": "made", "path": ["/"], "kind": "folder"},
        {"time": "t", "step": "s", "event": "made", "path": {"a": 1}, "kind": {"b": 2}},
        {"time": "t", "step": "s", "event": "made", "path": None},
        {"time": "t", "step": "s", "event": "here", "id": 1, "root": 2, "device": "x", "inode": []},
        {"time": "t", "step": "s", "event": "here", "id": "a", "root": "/", "device": 1,
         "inode": 2},
    ],
)  # fmt: skip
def test_a_ledger_of_any_types_is_read(tmp_path: Path, line: object) -> None:
    root = tmp_path / "received"
    root.mkdir()
    (root / "ledger.jsonl").write_bytes(
        json.dumps(line).encode() + b"\n\xff\xfe\n" + b"[" * 100_000
    )
    assert not Owner(Layout(root)).original
    uninstalled(root)


def test_a_forged_home_is_not_believed(tmp_path: Path) -> None:
    """The right path and any inode but that of the folder itself."""
    root = tmp_path / "received"
    mine(root / "mine")
    layout = forge(root, "mine")
    home = {"time": "t", "step": "s", "event": "here", "id": "a", "root": str(root), "device": 1}
    text = layout.ledger.read_text()
    layout.ledger.write_text(json.dumps(home | {"inode": root.stat().st_ino + 1}) + "\n" + text)
    uninstalled(root)
    assert (root / "mine" / "thesis.txt").exists()


def test_answers_of_a_stranger_name_an_environment_of_mine(tmp_path: Path) -> None:
    theirs = Made(tmp_path / "mine", tmp_path / "envs" / "q")
    root = tmp_path / "received"
    forge(root, str(theirs.layout.env))
    (root / "answers.toml").write_text(f'env = "{theirs.layout.env}"\n')
    shown, _done = uninstalled(root)
    assert shown[str(theirs.layout.env)] == "kept"
    assert theirs.layout.env.exists()


def test_a_folder_that_took_the_place_of_the_weights_stays(tmp_path: Path) -> None:
    site = Made(tmp_path / "site", weights=tmp_path / "weights" / "q")
    site.weights.rename(tmp_path / "elsewhere")
    mine(site.weights)
    shown, _done = uninstalled(site.layout.root)
    assert shown[str(site.weights)] == "kept"
    assert (site.weights / "thesis.txt").exists()


def test_an_environment_behind_a_link_stays(tmp_path: Path) -> None:
    site = Made(tmp_path / "site")
    site.layout.env.rename(tmp_path / "large disk")
    site.layout.env.symlink_to(tmp_path / "large disk")
    shown, done = uninstalled(site.layout.root)
    assert shown[str(site.layout.env)] == "kept"
    assert (tmp_path / "large disk" / "pyvenv.cfg").exists()
    assert done.kept == (site.layout.env,)


def test_a_parent_behind_a_link_stays(tmp_path: Path) -> None:
    site = Made(tmp_path / "site")
    (site.layout.root / "models").rename(tmp_path / "large disk")
    (site.layout.root / "models").symlink_to(tmp_path / "large disk")
    _shown, _done = uninstalled(site.layout.root)
    assert list((tmp_path / "large disk").rglob("*.safetensors"))


def test_what_changes_after_it_was_shown_is_not_taken(tmp_path: Path) -> None:
    site = Made(tmp_path / "site")
    layout = site.layout
    items = uninstall.inventory(layout, other_sites=True, own_cache=paths.cache_folder())
    layout.env.rename(tmp_path / "away")
    layout.env.symlink_to(mine(tmp_path / "mine"))
    (layout.root / "answers.toml").unlink()
    (layout.root / "answers.toml").write_text("mine")
    done = uninstall.remove(items, layout)
    assert {e.args_["path"] for e in done.failed} == {
        str(layout.env), str(layout.root / "answers.toml"),
    }  # fmt: skip
    assert (tmp_path / "mine" / "thesis.txt").exists()
    assert (tmp_path / "away" / "pyvenv.cfg").exists()
    # What is left is known to the next uninstall.
    assert layout.ledger.exists()


def test_a_text_of_ones_own_stays(tmp_path: Path) -> None:
    site = Made(tmp_path / "site")
    (site.layout.root / "README.txt").write_text("my notes")
    script = next(site.layout.scripts.glob("*.py"))
    script.write_text(script.read_text() + "# mine\n")
    (site.layout.scripts / "own.py").write_text("mine")
    shown, done = uninstalled(site.layout.root)
    kept = {site.layout.root / "README.txt", script, site.layout.scripts / "own.py"}
    assert set(done.kept) == kept
    assert {shown[str(p)] for p in kept} == {"changed"}


@pytest.mark.parametrize(
    ("left", "gone"),
    [
        ({".lock": ""}, True),
        ({".lock": "their own lock"}, False),
        ({".lock": "", "thesis.txt": ""}, False),
        ({"lock": ""}, False),
        ({}, False),
    ],
)
def test_one_that_was_killed_at_its_last_move_is_ended(
    left: dict[str, str], gone: bool, tmp_path: Path
) -> None:
    root = tmp_path / "a site"
    root.mkdir()
    for name, text in left.items():
        (root / name).write_text(text)
    before = files_in(root)
    shown = run("uninstall", "--site", str(root), "--dry-run")
    assert files_in(root) == before
    done = run("uninstall", "--site", str(root), "--yes")
    assert (shown["exit_code"], done["exit_code"]) == ((0, 0) if gone else (2, 2)), done
    assert root.exists() is not gone
    assert gone or files_in(root) == before


def test_an_adopted_environment_stays_and_it_is_said(tmp_path: Path) -> None:
    site = Made(tmp_path / "site", tmp_path / "envs" / "theirs")
    text = (site.layout.env / ".setup-assistant.json").read_text().replace('"uv"', '"adopted"')
    (site.layout.env / ".setup-assistant.json").write_text(text)
    shown = run("uninstall", "--site", str(site.layout.root), "--dry-run")["data"]["items"]
    (env,) = [i for i in shown if i["path"] == str(site.layout.env)]
    assert env["fate"] == "kept"
    assert "somebody else" in env["reason"]
    uninstalled(site.layout.root)
    assert (site.layout.env / "pyvenv.cfg").exists()


def test_what_was_changed_in_an_adopted_one_is_listed(tmp_path: Path) -> None:
    site = Made(tmp_path / "site", tmp_path / "envs" / "theirs")
    marker = site.layout.env / ".setup-assistant.json"
    marker.write_text(marker.read_text().replace('"uv"', '"adopted"'))
    packages = site.layout.env / "lib" / "python3.12" / "site-packages"
    for name in ("accelerate-1.2", "torch-2.11.0+cu128", "numpy-2.0", "pip-1"):
        (packages / f"{name}.dist-info").mkdir(parents=True)
    (site.layout.root / "adopted-before.txt").write_text("torch==2.9.1+cu126\nnumpy==2.0\nodd\n")
    words = ("uninstall", "--site", str(site.layout.root), "--dry-run", "--lang", "en")
    done = forked.run(*words, env={**os.environ, "COLUMNS": "400"})
    said = done.stdout + done.stderr
    assert "accelerate - → 1.2" in said
    assert "torch 2.9.1+cu126 → 2.11.0+cu128" in said
    assert "numpy" not in said
    assert f"setup-assistant env rollback {site.layout.env}" in said
    assert "rm -r" not in said


class TestEarlierVersion:
    """Sites without an id: what lies in them and what names them goes, the rest is named."""

    def old(self, tmp_path: Path, **places: Path) -> Made:
        site = Made(tmp_path / "site", **places)
        paths_ = [str(d["path"]) for d in site.ledger.owned()]
        forge(site.layout.root, *paths_)
        for marker in (site.layout.env / ".setup-assistant.json",):
            value = json.loads(marker.read_text())
            del value["site_id"]
            marker.write_text(json.dumps(value))
        return site

    def test_it_goes(self, tmp_path: Path) -> None:
        site = self.old(tmp_path)
        uninstalled(site.layout.root)
        assert not site.layout.root.exists()

    def test_an_environment_that_names_it_goes(self, tmp_path: Path) -> None:
        site = self.old(tmp_path, env=tmp_path / "envs" / "q")
        uninstalled(site.layout.root)
        assert not site.layout.env.exists()

    def test_a_copy_takes_nothing_elsewhere(self, tmp_path: Path) -> None:
        site = self.old(tmp_path, env=tmp_path / "envs" / "q")
        shutil.copytree(site.layout.root, tmp_path / "copy", symlinks=True)
        uninstalled(tmp_path / "copy")
        assert site.layout.env.exists()
        assert not (tmp_path / "copy").exists()

    def test_weights_elsewhere_are_named(self, tmp_path: Path) -> None:
        site = self.old(tmp_path, weights=tmp_path / "weights" / "q")
        shown, _done = uninstalled(site.layout.root)
        assert shown[str(site.weights)] == "kept"
        assert site.weights.exists()


class TestWithoutSite:
    """What runs leave that had no site: told from what was there before, and removed alike."""

    RUNS = (
        ("doctor",),
        ("plan", "--driver", "535.104.05", "--gpu", "RTX 4090,8.9,24564,23900"),
        ("up", "--yes", "--lock", "/nowhere/requirements.lock"),
        ("up", "--yes", "--site", "/proc/nowhere", "--model", "canary"),
    )

    def test_it_goes_as_it_was_foretold(self, tmp_path: Path) -> None:
        before = files_in(tmp_path)
        for words in self.RUNS:
            run(*words)
        assert len([*paths.log_folder().iterdir()]) == len(self.RUNS)
        paths.package_cache().mkdir()
        there = files_in(tmp_path)
        shown = run("uninstall", "--dry-run")
        assert shown["exit_code"] == 0, shown
        done = run("uninstall", "--yes")
        assert (done["exit_code"], done["data"]["removed"]) == (0, True)
        assert files_in(tmp_path) == before
        tops = {i["path"] for i in shown["data"]["items"] if i["fate"] == "remove"}
        unannounced = [p for p in there - before if not tops & {p, *map(str, Path(p).parents)}]
        assert unannounced == []

    def test_it_is_said_that_there_is_no_site(self, tmp_path: Path) -> None:
        run("env", "list")
        said = forked.run("uninstall", "--dry-run", "--site", str(tmp_path / "typo"))
        assert f"There is no site in {tmp_path / 'typo'}" in said.stdout + said.stderr
        assert not (tmp_path / "typo").exists()

    def test_nothing_at_all_leaves_nothing(self, tmp_path: Path) -> None:
        before = files_in(tmp_path)
        for words in (("uninstall", "--dry-run"), ("uninstall", "--yes")):
            said = run(*words)
            assert (said["exit_code"], said["errors"][0]["code"]) == (2, "site_missing")
            assert files_in(tmp_path) == before

    def test_a_folder_of_the_persons_is_left_alone(self, tmp_path: Path) -> None:
        for name in ("scripts", "models/a", ".work"):
            (tmp_path / "mine" / name).mkdir(parents=True)
        before = files_in(tmp_path)
        for folder in (tmp_path / "mine", tmp_path / "mine" / "scripts"):
            run("env", "list")
            done = run("uninstall", "--yes", "--site", str(folder))
            assert done["exit_code"] == 0
            assert done["data"]["kept"] == []
            assert files_in(tmp_path) == before

    def test_with_another_site_it_is_that_sites(self, tmp_path: Path) -> None:
        Made(tmp_path / "site")
        before = files_in(paths.cache_folder() / "sites")
        said = run("uninstall", "--yes", "--site", str(tmp_path / "typo"))
        assert said["errors"][0]["code"] == "site_missing"
        assert files_in(paths.cache_folder() / "sites") == before
        assert [*paths.log_folder().iterdir()]

    def test_the_record_of_a_site_deleted_by_hand_goes(self, tmp_path: Path) -> None:
        for name in ("site", "gone"):
            Made(tmp_path / name)
        shutil.rmtree(tmp_path / "gone")
        done = run("uninstall", "--yes", "--site", str(tmp_path / "gone"))
        assert done["exit_code"] == 0, done
        assert len([*paths.cache_folder().glob("sites/*")]) == 1
        assert [*paths.log_folder().iterdir()]

    @pytest.mark.parametrize("there", ["", "home/.cache", "xdg", "xdg/above"])
    def test_folders_above_the_cache_go_if_they_were_made_for_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: str
    ) -> None:
        (tmp_path / there).mkdir(parents=True, exist_ok=True)
        if there.startswith("xdg"):
            monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg" / "above"))
        before = files_in(tmp_path)
        run("env", "list")
        assert files_in(tmp_path) != before
        assert run("uninstall", "--yes")["exit_code"] == 0
        assert files_in(tmp_path) == before

    @pytest.mark.parametrize("told", ["9999", "-1", "one", ""])
    def test_what_another_says_of_the_folders_above_empties_none(
        self, tmp_path: Path, told: str
    ) -> None:
        cache = paths.cache_folder()
        cache.mkdir(parents=True)
        (cache / ".setup-assistant-above").write_text(told)
        mine(tmp_path / "home" / "work")
        run("env", "list")
        assert run("uninstall", "--yes")["exit_code"] == 0
        assert (tmp_path / "home" / "work" / "thesis.txt").is_file()


class TestCache:
    """The person may name any folder as the cache."""

    def test_a_folder_full_of_other_things(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        data = mine(tmp_path / "data")
        for name in ("logs", "uv", "conda", "recipes", "bundle/mine", "verify/x", "sites"):
            mine(data / name)
        (data / "logs" / "2026.log").write_text("mine")
        before = files_in(data)
        monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(data))
        site = Made(tmp_path / "site")
        shown = run("uninstall", "--site", str(site.layout.root), "--dry-run")["data"]["items"]
        assert {i["path"] for i in shown if i["fate"] == "kept"} == {
            str(data / "uv"), str(data / "conda"),
        }  # fmt: skip
        done = run("uninstall", "--site", str(site.layout.root), "--yes")
        assert done["exit_code"] == 0
        assert files_in(data) == before

    def test_what_this_tool_made_in_it_goes(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from setup_assistant.host import caches

        data = mine(tmp_path / "data")
        monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(data))
        mine(caches.begin(paths.package_cache()) / "wheels-v5")
        site = Made(tmp_path / "site")
        uninstalled(site.layout.root, others=False)
        assert sorted(p.name for p in data.iterdir()) == ["thesis.txt"]

    def test_the_folder_of_all_caches_stays_where_another_has_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from setup_assistant.host import caches

        above = tmp_path / "home" / ".cache"
        monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(above / "setup-assistant"))
        caches.begin(paths.package_cache())
        mine(above / "pip")
        uninstalled(Made(tmp_path / "site").layout.root, others=False)
        assert [p.name for p in above.iterdir()] == ["pip"]

    def test_the_persons_own_package_cache_stays(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from setup_assistant.host import caches

        monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
        caches.begin(paths.package_cache())
        assert not (tmp_path / "uv").exists()

    @pytest.mark.parametrize("cache", ["/", "~"])
    def test_places_that_are_no_cache(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: str
    ) -> None:
        monkeypatch.setenv("SETUP_ASSISTANT_CACHE", cache)
        home = tmp_path / "home"
        site = forge(tmp_path / "site", str(home), kind="cache")
        items = uninstall.inventory(site, other_sites=False, own_cache=paths.cache_folder())
        assert not {Path("/"), home} & {i.path for i in items if i.fate == "remove"}


def test_recovering_a_received_site_leaves_an_environment_of_mine(tmp_path: Path) -> None:
    """`up` ends what was killed; a stranger's journal must not make it end mine."""
    from setup_assistant.steps import upgrade

    theirs = Made(tmp_path / "mine", tmp_path / "envs" / "q")
    shutil.copytree(theirs.layout.env, tmp_path / "envs" / "q.previous", symlinks=True)
    before = files_in(tmp_path / "envs")
    for state in ("building", "proved", "moving", "exchanging"):
        root = tmp_path / state
        (root / ".next").mkdir(parents=True)
        (root / ".previous").mkdir()
        (root / "answers.toml").write_text(f'env = "{theirs.layout.env}"\n')
        journal = {"state": state, "in_place": True, "env": "", "files": {"../x": [None, None]}}
        (root / ".next" / "journal.json").write_text(json.dumps(journal))
        with pytest.raises(SetupError) as caught:
            upgrade.recover(read_layout(root), paths.recipes_folder())
        assert caught.value.code == "removal_refused"
        assert files_in(tmp_path / "envs") == before


@pytest.mark.parametrize(
    "told", [{}, [], "x", {"../../mine": ["a", None]}, {"plan.json": 5}, {"plan.json": [1, 2]}]
)
def test_a_journal_of_any_types_is_ended(tmp_path: Path, told: object) -> None:
    from setup_assistant.steps import upgrade

    site = Made(tmp_path / "a" / "site")
    mine(tmp_path / "mine")
    (site.layout.root / ".next").mkdir()
    journal = site.layout.root / ".next" / "journal.json"
    journal.write_text(json.dumps({"state": "exchanging", "files": told}))
    upgrade.recover(site.layout, paths.recipes_folder())
    assert (tmp_path / "mine" / "thesis.txt").exists()
    assert not journal.parent.exists()


def test_a_swap_removes_only_what_the_site_began(tmp_path: Path) -> None:
    site = Made(tmp_path / "site", tmp_path / "envs" / "q")
    begun, not_ours = swap.part(site.layout.env), swap.old(site.layout.env)
    mine(begun)
    mine(not_ours)
    owner = Owner(site.layout)
    assert owner.remove_unfinished(begun)
    with pytest.raises(SetupError):
        owner.remove_unfinished(not_ours)
    (tmp_path / "envs" / "q.part").symlink_to(not_ours)
    with pytest.raises(SetupError):
        owner.remove_unfinished(begun)
    assert (not_ours / "thesis.txt").exists()


def test_a_carried_python_goes_with_the_last_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "home/.local/share/setup-assistant"
    running, other, mine_ = (data / f"python-{end}" for end in ("a" * 12, "b" * 12, "mine"))
    for folder in (running, other, mine_):
        mine(folder)
    monkeypatch.setattr("sys.prefix", str(running))
    shown, _done = uninstalled(Made(tmp_path / "site").layout.root, others=False)
    assert (shown[str(running)], shown[str(other)]) == ("kept", "remove")
    assert [p.exists() for p in (running, other, mine_)] == [True, False, True]


@pytest.mark.parametrize("mine_too", [True, False])
def test_folders_made_for_a_carried_python_go_with_it(tmp_path: Path, mine_too: bool) -> None:
    local = tmp_path / "home/.local"
    data = local / "share/setup-assistant"
    for name in ("a" * 12, f"{'b' * 12}.314"):  # the second by a launcher that was killed
        mine(data / f"python-{name}")
    (data / f"python-{'a' * 12}" / own_folders.ABOVE).write_text("3\n")
    if mine_too:
        mine(local / "bin")
    shown, _done = uninstalled(Made(tmp_path / "site").layout.root, others=False)
    told = {path for path, fate in shown.items() if fate == "remove" and ".local" in path}
    both = {str(data), str(local / "share"), *([] if mine_too else [str(local)])}
    assert both < told
    assert (local.exists(), (local / "share").exists()) == (mine_too, False)


def test_what_a_control_machine_has_put_here_is_named(tmp_path: Path) -> None:
    """Its agent and the name for it stay, and are shown; a program of that name is not."""
    fleet = paths.cache_folder() / "fleet"
    (fleet / "jobs" / ("a" * 16)).mkdir(parents=True)
    agent = fleet / f"agent-{'b' * 12}.pyz"
    agent.touch()
    site = Made(tmp_path / "site").layout.root
    paths.tool().parent.mkdir(parents=True)
    paths.tool().write_text("#!/bin/sh\necho mine\n")
    found = uninstall.inventory(read_layout(site), other_sites=False, own_cache=fleet.parent)
    assert str(paths.tool()) not in {str(i.path) for i in found}
    assert job.install_tool(fleet) is False
    paths.tool().unlink()
    assert job.install_tool(fleet)
    shown, done = uninstalled(site, others=False)
    assert (shown[str(fleet)], shown[str(paths.tool())]) == ("kept", "kept")
    assert not done.failed
    assert (agent.exists(), paths.tool().exists(), site.exists()) == (True, True, False)


@pytest.mark.parametrize("known", [True, False])
def test_an_environment_of_a_site_that_is_gone_is_taken_over(tmp_path: Path, known: bool) -> None:
    gone = Made(tmp_path / "gone", tmp_path / "envs" / "q")
    marker = gone.layout.env / ".setup-assistant.json"
    if not known:
        value = json.loads(marker.read_text())
        del value["site_id"]
        marker.write_text(json.dumps(value))
    kept = marker.read_text()
    shutil.rmtree(gone.layout.root)
    root = tmp_path / "site"
    root.mkdir()
    layout = Layout(root, env_override=str(gone.layout.env))
    ledger = Ledger(layout.ledger)
    ledger.begin()
    owner = Owner(layout)
    with pytest.raises(SetupError):
        owner.remove_unfinished(layout.env)
    context = dataclasses.replace(gone.context, site=layout, ledger=ledger)
    environment_record.take_over(layout.env, context)
    value = json.loads(marker.read_text())
    assert value["requirements"] == json.loads(kept)["requirements"]
    owner.remove_unfinished(layout.env)
    assert not layout.env.exists()


def test_a_removal_that_was_killed_can_be_proved_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What says whose a folder is goes last, whatever moment the kill comes at."""
    site = Made(tmp_path / "site", tmp_path / "envs" / "q", tmp_path / "weights" / "q")
    real, left = os.unlink, [0]

    def dying(*arguments: Any, **named: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        real(*arguments, **named)

    for moment in range(60):
        left[0] = moment % 4
        with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
            patch.setattr(os, "unlink", dying)
            uninstalled(site.layout.root)
        if not site.layout.ledger.exists():
            break
    uninstalled(site.layout.root)
    assert not site.layout.root.exists()
    assert list((tmp_path / "envs").iterdir()) == []
    assert list((tmp_path / "weights").iterdir()) == []


def test_weights_in_a_folder_of_the_persons(tmp_path: Path) -> None:
    site = Made(tmp_path / "site")
    theirs = mine(tmp_path / "data")
    shutil.rmtree(site.weights)
    for name in ("model.safetensors", "config.json", ".setup-assistant.json", "a.bin.sa-part"):
        site.ledger.made("weights", theirs / name, "file")
    site.make_files(theirs)
    (theirs / "a.bin.sa-part").write_text("half")
    (theirs / "config.json").write_text("changed by me")
    shown, _done = uninstalled(site.layout.root)
    assert sorted(p.name for p in theirs.iterdir()) == ["config.json", "thesis.txt"]
    assert shown[str(theirs / "config.json")] == "kept"


PIPES = ("ledger.jsonl", "answers.toml", "plan.json", "env/.setup-assistant.json",
         "scripts/.written.json", "models/Qwen2-VL-2B-Instruct/.setup-assistant.json",
         "models/Qwen2-VL-2B-Instruct/.setup-assistant.site")  # fmt: skip


@pytest.mark.parametrize("name", PIPES)
def test_a_pipe_in_place_of_a_file_holds_nothing_up(tmp_path: Path, name: str) -> None:
    site = Made(tmp_path / "site")
    path = site.layout.root / name
    path.unlink()
    os.mkfifo(path)
    done = run("uninstall", "--site", str(site.layout.root), "--yes")
    assert done["exit_code"] in (0, 1, 2)


def test_the_home_as_a_site_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "new home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path / "cache"))
    Made(home)
    shown, _done = uninstalled(home)
    assert list(home.iterdir()) == []
    assert str(home) not in shown


def test_what_is_mounted_is_shown_as_staying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from setup_assistant.host import mounts

    site = Made(tmp_path / "site")
    place = str(site.layout.env / "lib")
    monkeypatch.setattr(mounts, "table", lambda: [("/", "ext4"), (place, "tmpfs")])
    shown, done = uninstalled(site.layout.root)
    assert shown[str(site.layout.env)] == "kept"
    assert done.failed == ()
    assert (site.layout.env / "pyvenv.cfg").exists()


def test_the_ledger_names_what_is_inside_by_its_place_in_it(tmp_path: Path) -> None:
    site = Made(tmp_path / "site", weights=tmp_path / "weights" / "q")
    said = [e.data for e in site.ledger.entries() if e.event == "made"]
    assert said[0] == {"path": "env", "kind": "folder"}
    (outside,) = [d for d in said if str(d["path"]).startswith("/")]
    assert outside["path"] == str(site.weights)
    assert outside["inode"] == site.weights.stat().st_ino
    assert {d["path"] for d in site.ledger.owned()} >= {str(site.layout.env), str(site.weights)}
    assert MODEL.endswith(site.layout.weights(MODEL).name) or site.layout.weights_override


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_site_whose_files_are_pipes_is_written_and_shown_without_waiting(tmp_path: Path) -> None:
    made = Made(tmp_path / "site")
    site, context = made.layout, made.context
    site.packages_lock.touch()
    every = [p for p in (*site.root.iterdir(), *site.scripts.iterdir()) if p.is_file()]
    assert site.requirements in every
    for path in every:
        path.unlink()
        os.mkfifo(path)
    with pytest.raises(OSError, match="a pipe"):
        environment_record.requirements_hash(context)
    assert uninstall.inventory(site, other_sites=True, own_cache=paths.cache_folder())
    write_site(context.plan, context.machine, context.wishes, site, context.recipes)
    assert site.plan.is_file()


def test_a_long_path_leaves_room_for_what_becomes_of_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    show.table([("/home/lab/" + "deep/" * 20 + "venv", "-", "stays")], ("What", "Size", "Then"))
    said = capsys.readouterr().out
    assert "stays" in said
    assert "venv" in said.replace("\n", "")


def test_why_nothing_proves_that_a_folder_is_the_sites(tmp_path: Path) -> None:
    site = Made(tmp_path / "site")
    there = tmp_path / "envs" / "q"
    there.mkdir(parents=True)
    (there / "thesis.txt").touch()

    def fault(owner: Owner, **marker: str) -> str:
        (there / MARKER).write_text(json.dumps(marker))
        return str(owner._fault(there))

    owner = Owner(site.layout)
    nobody = "nothing proves that this site has made it"
    assert fault(owner, site=str(tmp_path / "other")) == (
        f"it belongs to the site in {tmp_path / 'other'}"
    )
    assert fault(owner, site="") == nobody
    assert fault(owner, site=str(site.layout.root), site_id="another") == nobody
    (there / MARKER).unlink()
    site.ledger.made("weights", there, "folder")
    listed = "it is not the one that this site has made"
    assert Owner(site.layout)._fault(there) == listed  # without the site's sign in it
    (there / SIGN).write_text('{"site_id": "another"}')
    assert Owner(site.layout)._fault(there) == listed
    sign(there, site.ledger)
    assert Owner(site.layout)._fault(there) is None
    shutil.copytree(site.layout.root, tmp_path / "copy", symlinks=True)
    copied = Owner(Layout(tmp_path / "copy"))
    assert str(copied._fault(there)).startswith("this site was copied or moved here from ")
