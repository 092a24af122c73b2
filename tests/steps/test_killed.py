"""Verbs that are killed before every move: the same command once more ends in one state.

Environment, record, lock, plan, answers, receipt, report and ledger then tell the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from setup_assistant.catalog import stacks
from setup_assistant.host import prefix
from setup_assistant.site.layout import Layout
from setup_assistant.site.read import read_site
from setup_assistant.steps import rollback
from setup_assistant.steps.ledger import Ledger
from tests.built import ROOT
from tests.steps.index import Index, arguments, serving, small_recipes

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

PINNED = stacks.load().stack[0].transformers
OLD, NEW = "5.21.4", "5.22.7"


@dataclass(frozen=True)
class Lab:
    """A folder with a site, the recipes of then and of now, and an index that serves both."""

    folder: Path
    index: Index

    @property
    def site(self) -> Path:
        return self.folder / "site"

    @property
    def layout(self) -> Layout:
        return Layout(self.site)

    def run(
        self, *words: str, kill: int = 0, recipes: str = "new"
    ) -> subprocess.CompletedProcess[str]:
        """Run a verb; with `kill`, only until before its move of that number."""
        home = self.folder / "home"
        temporary = self.folder.parent / "tmp"
        for folder in (home, temporary):
            folder.mkdir(exist_ok=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "UV_"))}
        env |= {
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "PYTHONPATH": str(ROOT),
            "SETUP_ASSISTANT_CACHE": str(self.folder / "cache"),
            "SETUP_ASSISTANT_RECIPES": str(self.folder.parent / "recipes" / recipes),
        }
        return subprocess.run(
            [sys.executable, "-m", "tests.steps.killing", str(kill), *words],
            env=env, cwd=self.folder, capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip

    def told(self) -> dict[str, str]:
        """Return the version of transformers as everything in the site tells it."""
        layout = self.layout
        receipt = json.loads(layout.receipt.read_text())
        plan = read_site(layout.root).plan
        own = prefix.packages(layout.env)["transformers"]
        return {
            "environment": own,
            "plan": plan.transformers.version,
            "requirements": _pin(layout.requirements),
            "lock": _pin(layout.packages_lock),
            "environment.yml": _pin(layout.environment_yml),
            "receipt": receipt["environment"]["packages"]["transformers"],
            "receipt's plan": receipt["plan"]["versions"]["transformers"],
            "report": own if own in layout.report.read_text() else "another",
        }


def _pin(path: Path) -> str:
    line = next(x for x in path.read_text().splitlines() if "transformers==" in x)
    return line.partition("==")[2].split()[0].strip('"')


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Yield a lab whose site was made from the recipes of then."""
    folder = tmp_path_factory.mktemp("killed")
    small_recipes(folder / "recipes" / "old", **{PINNED: OLD})
    recipes = small_recipes(folder / "recipes" / "new", **{PINNED: NEW})
    for mirrors in folder.glob("recipes/*/mirrors.toml"):
        # All refuse at once: a silent one counts as there, and would be tried.
        mirrors.write_text(mirrors.read_text().replace("https://", "http://127.0.0.1:9/"))
    with serving(recipes) as index:
        index.packages["transformers"].add(OLD)
        lab = Lab(folder / "made", index)
        lab.folder.mkdir()
        done = lab.run(*arguments(lab.site, index), recipes="old")
        assert done.returncode == 0, done.stdout + done.stderr
        yield lab


@pytest.fixture
def lab(made: Lab) -> Iterator[Lab]:
    """Yield the site in its own place again, as it was."""
    aside = made.folder.with_name("aside")
    shutil.copytree(made.folder, aside, symlinks=True)
    yield made
    shutil.rmtree(made.folder)
    put_back(made, aside)
    shutil.rmtree(aside)


def until_it_lives(lab: Lab, *words: str, recipes: str = "new", step: int = 1) -> Iterator[int]:
    """Kill a verb before each (or each `step`th) of its moves, and run it again; yield after each.

    Every time from the same state; the site keeps its place, for paths are in its files.
    """
    before = lab.folder.with_name(f"before {words[1]}")
    shutil.copytree(lab.folder, before, symlinks=True)
    for count in range(1, 400, step):
        killed = lab.run(*words, kill=count, recipes=recipes)
        if killed.returncode != -signal.SIGKILL:
            assert killed.returncode == 0, killed.stdout + killed.stderr
            break
        again = lab.run(*words, recipes=recipes)
        assert again.returncode == 0, (count, again.stdout + again.stderr)
        yield count
        shutil.rmtree(lab.folder)
        put_back(lab, before)
    shutil.rmtree(before)


def put_back(lab: Lab, before: Path) -> None:
    """Restore what was there before, as the very site that it was: a copy is another one."""
    shutil.copytree(before, lab.folder, symlinks=True)
    if lab.layout.ledger.exists():
        text = lab.layout.ledger.read_text()
        inode = lab.site.stat().st_ino
        lab.layout.ledger.write_text(re.sub(r'(?<="inode": )\d+', str(inode), text))


def assert_settled(lab: Lab, version: str, moment: int) -> None:
    """Everything tells one version, and nothing is under way."""
    assert set(lab.told().values()) == {version}, (moment, lab.told())
    assert not rollback.stage_root(lab.layout).exists(), moment
    left = [p.name for p in lab.site.iterdir() if p.name.startswith(".") and p.suffix != ".lock"]
    assert not [n for n in left if n not in (".lock", ".previous")], (moment, left)
    entries = list(Ledger(lab.layout.ledger).entries())
    assert entries[-1].step == "account", moment
    assert json.loads((lab.layout.env / ".setup-assistant.json").read_text())["complete"] is True


def test_an_upgrade(lab: Lab) -> None:
    moments = 0
    for moments in until_it_lives(lab, "env", "upgrade", "site", "--yes", step=3):
        assert_settled(lab, NEW, moments)
        assert prefix.packages(rollback.folder(lab.layout))["transformers"] == OLD
    assert moments > 20
    assert_settled(lab, NEW, 0)


def test_a_rollback(lab: Lab) -> None:
    assert lab.run("env", "upgrade", "site", "--yes").returncode == 0
    moments = 0
    for moments in until_it_lives(lab, "env", "rollback", "site"):
        assert_settled(lab, OLD, moments)
        assert prefix.packages(rollback.folder(lab.layout))["transformers"] == NEW
    assert moments > 12


def test_a_repair(lab: Lab) -> None:
    (info,) = lab.layout.env.glob("lib/python3*/site-packages/transformers-*.dist-info")
    info.rename(info.with_name("transformers-1.0.dist-info"))
    words = ("up", "--yes", "--site", str(lab.site))
    moments = 0
    for moments in until_it_lives(lab, *words, recipes="old"):
        assert_settled(lab, OLD, moments)
    assert moments >= 4


def test_an_adoption(lab: Lab) -> None:
    theirs = lab.folder / "theirs"
    shutil.move(lab.layout.env, theirs)
    (theirs / ".setup-assistant.json").unlink()
    shutil.rmtree(lab.site)
    words = ("env", "adopt", str(theirs), "--yes", "--site", str(lab.site))
    moments = 0
    for moments in until_it_lives(lab, *words, recipes="old"):
        receipt = json.loads(lab.layout.receipt.read_text())
        assert receipt["environment"]["packages"] == prefix.packages(theirs), moments
        assert receipt["status"] == "done", moments
        assert read_site(lab.site).plan.transformers.version == OLD
    assert moments > 8


def test_an_export(lab: Lab) -> None:
    to = lab.folder / "out"
    moments = 0
    for moments in until_it_lives(lab, "env", "export", "site", "--to", str(to)):
        pins = {_pin(to / name) for name in ("environment.yml", "requirements.lock")}
        assert pins == {OLD}, moments
        assert len(list(to.iterdir())) == 2, moments
    assert moments >= 2


def test_an_uninstall(lab: Lab) -> None:
    assert lab.run("env", "upgrade", "site", "--yes").returncode == 0
    theirs = lab.folder / "thesis.txt"
    theirs.write_text("mine")
    before = lab.folder.with_name("before uninstall")
    shutil.copytree(lab.folder, before, symlinks=True)
    words = ("uninstall", "--yes", "--site", str(lab.site))
    count = 1
    while lab.run(*words, kill=count).returncode == -signal.SIGKILL:
        again = lab.run(*words)
        # Killed before the empty folder goes, there is nothing left to ask for.
        assert again.returncode == 0 or "--site" in again.stderr, (count, again.stderr)
        left = [*lab.site.iterdir()] if lab.site.exists() else []
        assert not left, (count, again.stdout + again.stderr)
        assert theirs.read_text() == "mine"
        shutil.rmtree(lab.folder)
        put_back(lab, before)
        count += 9
    shutil.rmtree(before)
    assert count > 40
