"""What the wizard opens with on 80 x 24: a plan without a detour, or the sentence that helps."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup_assistant import messages
from setup_assistant.host import files
from setup_assistant.machine.facts import Machine
from tests.built import ROOT
from tests.choose.described import described
from tests.terminal import CTRL_C, DOWN, ENTER, Terminal

LANGUAGES = ["en", pytest.param("zh_CN", marks=pytest.mark.e2e)]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "home").mkdir()
    yield tmp_path / "home"
    assert not (tmp_path / "home" / "qwen2-vl").exists(), "something was done unasked"


def start(home: Path, fixed: str, language: str, *arguments: str) -> Terminal:
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "VIRTUAL_ENV")}
    env = {**kept, "HOME": str(home), "LANG": f"{language}.UTF-8", "TERM": "xterm-256color",
           "PYTHONPATH": str(ROOT), "FIXED": fixed}  # fmt: skip
    command = [sys.executable, "-m", "tests.cli.fixed", *arguments]
    return Terminal(command, env, columns=80, rows=24)


@pytest.fixture(params=LANGUAGES)
def say(request: pytest.FixtureRequest) -> Iterator[str]:
    messages.use_language(request.param)
    yield request.param
    messages.use_language("en")


def _(template: str, **args: object) -> str:
    """Return a sentence of the wizard, in the language of the test."""
    return messages.translated(template).format(**args) if args else messages.translated(template)


def test_a_newcomer_comes_to_the_real_plan_by_pressing_enter(home: Path, say: str) -> None:
    screen = start(home, "4090", say)
    pressed = 0
    for question in ("What would you like to do?", "Which folder should everything go into?",
                     "Which model?"):  # fmt: skip
        screen.wait(_(question))
        screen.keys(ENTER)
        pressed += 1
    screen.wait(_("Do this now?"))
    assert pressed + 1 <= 6
    seen = screen.seen()
    assert len(screen.lines()) <= 60
    # The whole plan and its question stand on the screen together: model first, cost last.
    shown = "\n".join(screen.displayed()).split(f"\n{_('Plan')}\n")[1]
    order = ["Qwen/Qwen2-VL-7B-Instruct", "NVIDIA GeForce RTX 4090", _("GPU memory"),
             _("from"), _("size"), _("Do this now?")]  # fmt: skip
    places = [shown.index(text) for text in order]
    assert places == sorted(places), shown
    assert _("{used}; {free} kept free", used="", free="0.7 GiB").strip("；; ") in shown
    assert "GPU-" not in seen
    screen.keys("a")
    screen.wait("Qwen/Qwen2-VL-72B-Instruct")
    screen.keys("?")
    screen.wait(_("Enter: more; q: enough"))
    screen.keys(ENTER)
    screen.wait(_("bfloat16: the GPU computes in it at full speed."), _("Do this now?"))
    screen.keys("n")
    screen.wait(_("Nothing was done."))
    assert screen.end() == 0


def test_a_full_card_is_said_and_looked_at_again(home: Path, say: str) -> None:
    screen = start(home, "full", say)
    screen.wait(_("What would you like to do?"))
    screen.keys(ENTER)
    screen.wait(_("How do you want to go on?"), "python 21.0 GiB", "Qwen/Qwen2-VL-7B-Instruct")
    screen.keys("?")
    screen.wait(_("Nothing was changed yet."))
    (home / "closed").touch()
    screen.keys(ENTER)
    screen.wait(_("Which folder should everything go into?"))
    screen.kill()


def test_an_old_driver_is_said_with_the_commands_that_update_it(home: Path, say: str) -> None:
    screen = start(home, "old", say)
    screen.wait(_("What would you like to do?"))
    screen.keys(ENTER)
    screen.wait("440.33.01", "580", "sudo reboot", _("How do you want to go on?"))
    screen.keys(DOWN, DOWN, ENTER)
    assert screen.end() == 4


def test_no_card_is_said(home: Path, say: str) -> None:
    screen = start(home, "none", say)
    screen.wait(_("What would you like to do?"))
    screen.keys(ENTER)
    screen.wait(_("No NVIDIA card was seen: the plan is for the CPU, which is slow."), "doctor",
                _("Which folder should everything go into?"))  # fmt: skip
    screen.kill()


def test_the_wizard_for_another_machine_is_a_dry_run(home: Path) -> None:
    machine: Machine = described("580.95.05", "NVIDIA GeForce RTX 4090,8.9,24564,23900",
                                 python="3.11", glibc="2.36", ram_gib=64)  # fmt: skip
    from setup_assistant import frozen_json

    files.write_json(home / "machine.json", frozen_json.to_builtins(machine))
    screen = start(home, "none", "en", "--machine", str(home / "machine.json"))
    screen.wait("NVIDIA GeForce RTX 4090", "Which model?")
    screen.keys(DOWN, ENTER)
    screen.wait("Qwen/Qwen2-VL-2B-Instruct", "python3 -m setup_assistant up --model")
    assert screen.end() == 0
    wrong = start(home, "none", "en", "--machine", "x.json", "probe")
    wrong.wait("plan --machine FILE")
    assert wrong.end() == 2


def test_ctrl_c_at_the_first_question_says_that_nothing_was_changed(home: Path) -> None:
    screen = start(home, "none", "en")
    screen.wait("What would you like to do?")
    screen.keys("L")
    screen.wait("您想做什么？")
    screen.keys(CTRL_C)
    # What is to be pasted keeps the language that was chosen here.
    screen.wait("已中断。没有做任何更改。", "setup-assistant --lang zh_CN")
    assert screen.end() == 130
