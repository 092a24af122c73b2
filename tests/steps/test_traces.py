"""After `uninstall` nothing is there that was not there before, also where a run was killed."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.steps.index import arguments
from tests.steps.test_killed import Lab, lab, made

__all__ = ["lab", "made"]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]


def everything(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


def test_what_remains_is_what_was_there_before(made: Lab, tmp_path: Path) -> None:
    lab = Lab(tmp_path / "lab", made.index)
    (lab.folder.parent / "recipes").symlink_to(made.folder.parent / "recipes")
    (lab.folder / "home" / ".config").mkdir(parents=True)
    (lab.folder / "thesis.txt").write_text("mine")
    before = everything(lab.folder)
    env = str(lab.folder / "envs" / "mine" / "env")
    done = lab.run(*arguments(lab.site, lab.index), "--env", env, recipes="old")
    assert done.returncode == 0, done.stderr
    killed = lab.run("env", "upgrade", "site", "--yes", kill=6)
    assert killed.returncode == -signal.SIGKILL
    (lab.site / "notes.txt").write_text("mine too")
    words = ("uninstall", "--site", str(lab.site), "--json")
    foretold = json.loads(lab.run(*words, "--dry-run").stdout)["data"]
    shown = foretold["items"]
    assert foretold["kept"] == [str(lab.site / "notes.txt")]
    there = everything(lab.folder)
    gone = json.loads(lab.run(*words, "--yes").stdout)
    assert gone["exit_code"] == 0, gone
    after = everything(lab.folder)
    assert after - before == {"site", "site/notes.txt"}
    assert before <= after
    # What went was announced: by itself, or by the folder that it lay in.
    announced = {Path(i["path"]) for i in shown if i["fate"] == "remove"}
    lost = {lab.folder / name for name in there - after}
    unannounced = {p for p in lost if not announced & {p, *p.parents}}
    assert {p.relative_to(lab.folder).parts[0] for p in unannounced} <= {"cache"}, unannounced
