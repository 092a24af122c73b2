"""Questions on a real terminal: typing replaces the default, `?` explains, Tab edits."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.built import ROOT
from tests.terminal import DOWN, ENTER, UP, Terminal

PROGRAM = """
from setup_assistant.cli.terminal import ask
from setup_assistant.cli.terminal.question import Back, Extras
extras = Extras(why=ask.told("because"), back=True)
wrong = lambda given: "no such place" if given == "/nowhere" else None
while True:
    try:
        got = ask.text("Which folder?", default="/home/me/usual", flag="-f", extras=extras,
                       wrong=wrong)
    except Back:
        got = "BACK"
    print(f"<{got}>")
    if got == "end":
        break
print(ask.confirm("Sure?", default=False, flag="-y", why=ask.told("of course")))
print(repr(ask.paste("What?", flag="-p", why=ask.told("all of it"))))
"""


@pytest.mark.parametrize("kind", ["xterm-256color", "dumb"])
def test_every_question_explains_itself_and_typing_replaces_what_it_offers(kind: str) -> None:
    env = {**os.environ, "TERM": kind, "PYTHONPATH": str(ROOT)}
    screen = Terminal([sys.executable, "-c", PROGRAM], env, rows=24)
    drawn = kind != "dumb"
    enter = "" if drawn else ENTER
    screen.wait("Which folder?", "/home/me/usual")
    screen.keys("?" + enter)
    screen.wait("because")
    screen.keys(ENTER)
    screen.wait("</home/me/usual>")
    screen.keys("/data/gpu1", ENTER)
    screen.wait("</data/gpu1>")
    screen.keys("/what?", ENTER)
    screen.wait("</what?>")
    screen.keys(("\t/vl" if drawn else "/home/me/usual/vl"), ENTER)
    screen.wait("</home/me/usual/vl>")
    screen.keys("/nowhere", ENTER)
    screen.wait("no such place")
    screen.keys(("\t/vl" if drawn else "/nowhere/vl"), ENTER)
    screen.wait("</nowhere/vl>")
    screen.keys(UP if drawn else "<" + ENTER)
    screen.wait("<BACK>")
    screen.keys("end", ENTER)
    screen.wait("Sure?")
    screen.keys("?" + enter)
    screen.wait("of course")
    screen.keys("y" + enter)
    screen.wait("True", "What?")
    screen.keys("?", ENTER)
    screen.wait("all of it")
    screen.keys("a", ENTER, "\x04")
    screen.wait(r"'a\n'")
    assert screen.end() == 0


@pytest.mark.parametrize(
    ("question", "keys", "answer"),
    [
        ("text('Which?', default='/d', ", "/x", "/x"),
        ("select('Which?', [Choice('a', 'A')], default='a', ", DOWN * 2, "a"),
    ],
)
def test_keys_pressed_during_an_explanation_are_kept_and_not_drawn(
    question: str, keys: str, answer: str
) -> None:
    program = f"""
import time
from setup_assistant.cli.terminal import ask
from setup_assistant.cli.terminal.question import Choice, Extras
def why():
    print("because", flush=True)
    time.sleep(1.5)
print(ask.{question}flag="-f", extras=Extras(why=why)), "it is")
"""
    screen = Terminal([sys.executable, "-c", program], {**os.environ, "PYTHONPATH": str(ROOT)})
    screen.wait("Which?")
    screen.keys("?")
    screen.wait("because", rest=False)
    screen.keys(keys, ENTER)
    screen.wait("it is")
    assert screen.end() == 0
    lines = screen.lines()
    assert lines[-1] == f"{answer} it is"
    assert not any("^[" in line or line == answer for line in lines), lines


def test_a_text_of_two_computers_asks_which_is_meant(tmp_path: Path) -> None:
    (tmp_path / "two.txt").write_text(
        "me@gpu01:~$ nvidia-smi -L\nGPU 0: NVIDIA L40S (UUID: GPU-1)\n"
        "me@gpu02:~$ nvidia-smi -L\nGPU 0: NVIDIA A30 (UUID: GPU-2)\n"
    )
    env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "setup_assistant", "probe", "--lang", "en"]
    screen = Terminal([*command, "--from", str(tmp_path / "two.txt")], env, rows=24)
    screen.wait("Which is meant?", "gpu01, NVIDIA L40S", "gpu02, NVIDIA A30")
    screen.keys(DOWN, ENTER)
    screen.wait("24.0 GiB")
    assert "48.0 GiB" not in screen.seen()
    assert screen.end() == 0
