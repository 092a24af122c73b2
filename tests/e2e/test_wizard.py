"""The wizard through a real terminal, keyboard only: the same plan as the flags."""

import json
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.built import ROOT, Place

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

DOWN, ENTER = "\x1b[B", "\r"
WORDS = {
    "en": {
        "way": "What would you like to do",
        "folder": "Which folder",
        "model": "Which model",
        "agree": "Do this now",
        "nothing": "Nothing was done",
    },
    "zh_CN": {"way": "您想做什么", "folder": "哪个文件夹", "model": "哪个模型",
              "agree": "现在执行吗", "nothing": "没有做任何更改"},
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Place:
    home = tmp_path / "home"
    home.mkdir()
    return Place(home, tmp_path / "cache")


def _terminal(place: Place, language: str, *arguments: str, columns: int = 100) -> Any:
    return pexpect.spawn(
        sys.executable, ["-m", "setup_assistant", *arguments], cwd=str(ROOT), encoding="utf-8",
        env=place.environment(LANG=f"{language}.UTF-8", TERM="xterm-256color"),
        dimensions=(40, columns), timeout=600,
    )  # fmt: skip


def _essence(plan: dict[str, Any]) -> dict[str, Any]:
    """Leave out what this computer's free memory changes by the minute."""
    plan = json.loads(json.dumps(plan))
    for figure in ("budget_bytes", "kept_free_bytes"):
        plan["model"].pop(figure, None)
    for key in (
        "alternatives",
        "reasons",
        "reason_parts",
        "sizes",
        "warnings",
        "warning_parts",
        "site",
        "dry_run",
    ):
        plan.pop(key, None)
    return plan


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("columns", [60, 120])
def test_the_wizard_yields_the_plan_of_the_flags(
    place: Place, tmp_path: Path, language: str, columns: int
) -> None:
    words, site = WORDS[language], tmp_path / "w"
    screen = _terminal(place, language, columns=columns)
    screen.expect(words["way"])
    screen.send(DOWN + ENTER)  # prepare answers for other machines
    screen.expect(words["folder"])
    screen.send("\x15" + str(site) + ENTER)
    screen.expect(words["model"])
    screen.send("\x1b[A" + ENTER)  # the last choice: the canary alone
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0, screen.before
    answers = (site / "answers.toml").read_text()
    assert 'model = "canary"' in answers
    flags = place.json("up", "--dry-run", "--model", "canary", "--site", str(tmp_path / "f"))
    replayed = place.json("up", "--dry-run", "--answers", str(site / "answers.toml"),
                          "--site", str(tmp_path / "a"))  # fmt: skip
    assert _essence(replayed["data"]) == _essence(flags["data"])


def test_without_a_terminal_the_flag_is_named(place: Place) -> None:
    done = place.run()
    assert done.returncode == 2
    assert "--yes" in done.stderr
    chinese = place.run(LANG="zh_CN.UTF-8", PYTHONIOENCODING="utf-8")
    assert chinese.returncode == 2
    assert "终端" in chinese.stderr
