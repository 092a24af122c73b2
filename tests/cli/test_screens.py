"""The wizard's screens on a real terminal, keyboard only, in both languages and two widths."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup_assistant.terminal_text import width
from tests.built import ROOT
from tests.cli import screens
from tests.terminal import CLEAR_LINE, CTRL_C, DOWN, ENTER, LEFT, UP, Terminal

pytestmark = pytest.mark.e2e

WORDS = {
    "en": {
        "way": "What would you like to do",
        "folder": "Which folder should",
        "model": "Which model",
        "cards": "Which cards",
        "agree": "Do this now",
        "nothing": "Nothing was done",
        "ways": "Broken: an environment",
        "why": "without being quantized",
        "foreign": "is left alone",
        "saved": "--answers",
        "broken": "What is broken",
        "error": "Paste it here",
        "interrupted": "Interrupted",
    },
    "zh_CN": {
        "way": "您想做什么",
        "folder": "哪个文件夹",
        "model": "使用哪个模型",
        "cards": "可以使用哪些显卡",
        "agree": "现在执行吗",
        "nothing": "没有做任何更改",
        "ways": "出了问题：检查环境",
        "why": "未经量化",
        "foreign": "因此未作改动",
        "saved": "--answers",
        "broken": "什么出了问题",
        "error": "粘贴到这里",
        "interrupted": "已中断",
    },
}


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a home whose name is as long everywhere: lines must break at the same places."""
    while (folder := Path(f"/tmp/sa-{random.randrange(1000, 10000)}")).exists():
        pass
    # Closed to others, who then are nobody to be warned for.
    folder.mkdir(0o700)
    yield folder
    shutil.rmtree(folder)


def terminal(
    home: Path, language: str, columns: int, *arguments: str, **variables: str
) -> Terminal:
    """Start the assistant on the fixed machine."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "VIRTUAL_ENV")}
    env = {
        **kept, "HOME": str(home), "SETUP_ASSISTANT_CACHE": str(home / "cache"),
        "LANG": f"{language}.UTF-8", "TERM": "xterm-256color", "PYTHONPATH": str(ROOT),
        # Found by its name, so that no screen depends on where the clone lies.
        "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}", **variables,
    }  # fmt: skip
    command = [sys.executable, "-m", "tests.cli.fixed", *arguments]
    return Terminal(command, env, columns=columns, rows=80)


@pytest.mark.parametrize("columns", [60, 120])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_the_road_to_the_plan(home: Path, language: str, columns: int) -> None:
    words, kept = WORDS[language], screens.Kept(f"road-{language}-{columns}")
    screen = terminal(home, language, columns)
    seen = list[str]()

    def see(title: str, *wanted: str) -> None:
        screen.wait(*(words[w] for w in wanted))
        seen.extend(kept.add(title, screen))

    see("the first question", "way")
    screen.keys("?")
    see("why?", "ways")
    screen.keys(ENTER)
    see("the folder", "folder")
    screen.keys(UP)
    see("back to the first question", "way")
    screen.keys(ENTER)
    screen.wait(words["folder"])
    screen.keys(CLEAR_LINE + "/usr", ENTER)
    see("a folder that is in use", "foreign")
    screen.keys(CLEAR_LINE + str(home / "vl"), ENTER)
    see("the model", "model")
    screen.keys("?")
    see("why this model?", "why")
    screen.keys(ENTER)
    see("the cards", "cards")
    screen.keys(LEFT)
    see("back to the model", "model")
    screen.keys(DOWN, ENTER)
    screen.wait(words["cards"])
    screen.keys(ENTER)
    see("the plan", "agree")
    screen.keys("n")
    screen.wait(words["nothing"])
    assert screen.end() == 0
    assert not (home / "vl").exists()
    assert max(map(width, seen)) <= columns
    kept.same()


@pytest.mark.parametrize("columns", [60, 120])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_answers_for_other_machines(home: Path, language: str, columns: int) -> None:
    words, kept = WORDS[language], screens.Kept(f"answers-{language}-{columns}")
    screen = terminal(home, language, columns)
    screen.wait(words["way"])
    screen.keys(DOWN, ENTER)
    screen.wait(words["folder"])
    screen.keys("?")
    screen.wait("answers.toml", words["folder"])  # drawn again, it holds the keyboard
    screen.keys(CLEAR_LINE + str(home / "a"), ENTER)
    screen.wait(words["model"])
    kept.add("question", screen)
    screen.keys(ENTER)
    screen.wait(words["saved"])
    assert screen.end() == 0
    kept.add("end", screen)
    kept.same()
    assert (home / "a" / "answers.toml").exists()


@pytest.mark.parametrize("columns", [60, 120])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_an_error_message_is_explained(home: Path, language: str, columns: int) -> None:
    words = WORDS[language]
    screen = terminal(home, language, columns)
    screen.wait(words["way"])
    screen.keys(UP, ENTER)
    screen.wait(words["broken"])
    screen.keys(DOWN, ENTER)
    screen.wait(words["error"])
    screen.keys("ModuleNotFoundError: No module named 'torchvision'\n", "\x04")
    screen.wait("torchvision")
    assert screen.end() == 1
    kept = screens.Kept(f"error-{language}-{columns}")
    kept.add("end", screen)
    kept.same()


@pytest.mark.parametrize("question", ["way", "folder", "model", "cards", "agree"])
def test_ctrl_c_at_every_question(home: Path, question: str) -> None:
    words = WORDS["zh_CN"]
    screen = terminal(home, "zh_CN", 60)
    for name in ("way", "folder", "model", "cards", "agree"):
        screen.wait(words[name])
        if name == question:
            break
        screen.keys(CLEAR_LINE + str(home / "vl") if name == "folder" else "", ENTER)
    screen.keys(CTRL_C)
    screen.wait(words["interrupted"], "setup-assistant")
    assert screen.end() == 130
    assert not (home / "vl").exists()


def test_back_from_the_first_question_of_all_stays_there(home: Path) -> None:
    words = WORDS["en"]
    screen = terminal(home, "en", 60, "up", "--site", str(home / "vl"))
    screen.wait(words["model"])
    screen.keys(LEFT)
    screen.rest(0.5)
    screen.keys(ENTER)
    screen.wait(words["cards"])
    screen.keys(LEFT)
    screen.wait(words["model"])
    screen.keys(ENTER)
    screen.wait(words["cards"])
    screen.keys(ENTER)
    screen.wait(words["agree"])
    screen.keys("n")
    screen.wait(words["nothing"])
    assert screen.end() == 0


@pytest.mark.parametrize("question", ["broken", "error", "environment"])
def test_ctrl_c_where_something_is_broken(home: Path, question: str) -> None:
    words = WORDS["en"]
    screen = terminal(home, "en", 60)
    screen.wait(words["way"])
    screen.keys(UP, ENTER)
    screen.wait(words["broken"])
    if question == "error":
        screen.keys(DOWN, ENTER)
        screen.wait(words["error"])
    elif question == "environment":
        screen.keys(ENTER)
        screen.wait("Which environment")
    screen.keys(CTRL_C)
    screen.wait(words["interrupted"])
    assert screen.end() == 130


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("dumb", {"TERM": "dumb"}),
        ("no-color", {"NO_COLOR": "1"}),
        ("c-locale", {"LC_ALL": "C"}),
    ],
)
def test_poor_terminals(home: Path, name: str, variables: dict[str, str]) -> None:
    words = WORDS["en"]
    screen = terminal(home, "en", 60, **variables)
    screen.wait(words["way"])
    screen.keys(ENTER)
    screen.wait(words["folder"])
    screen.keys((CLEAR_LINE if name != "dumb" else "") + str(home / "vl"), ENTER)
    screen.wait(words["model"])
    screen.keys(ENTER)
    screen.wait(words["cards"])
    screen.keys(ENTER)
    screen.wait(words["agree"])
    screen.keys("n" + (ENTER if name == "dumb" else ""))
    screen.wait(words["nothing"])
    assert screen.end() == 0
    if name == "c-locale":
        assert "\n".join(screen.lines()).isascii()
    kept = screens.Kept(name)
    kept.add("end", screen)
    kept.same()
