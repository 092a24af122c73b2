"""The wizard's whole road on a real terminal: interrupted in every step, resumed, mended."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from setup_assistant.host.program import program
from tests.built import ROOT, Built, Place
from tests.hub.server import Hub
from tests.terminal import CLEAR_LINE, CTRL_C, DOWN, ENTER, LEFT, UP, Terminal

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(1500),
]
MODEL = "Qwen/Qwen2-VL-2B-Instruct"
WORDS = {
    "en": (
        "What would you like",
        "Which folder",
        "No real model is here yet",
        "What do you want to do with it",
        "Do this now",
        "Nothing was done",
    ),
    "zh_CN": (
        "您想做什么",
        "哪个文件夹",
        "还没有真正的模型",
        "接下来怎么做",
        "现在执行吗",
        "没有做任何更改",
    ),
}


def _terminal(place: Place, *arguments: str, columns: int = 60, **variables: str) -> Terminal:
    env = place.environment(TERM="xterm-256color", LANG="en_US.UTF-8", **variables)
    command = [sys.executable, "-m", "setup_assistant", *arguments]
    return Terminal(command, env, columns=columns)


def _interrupted(screen: Terminal, at: str) -> None:
    """Press Ctrl-C as soon as `at` stands on the screen."""
    screen.wait(at, rest=False)
    screen.keys(CTRL_C)
    screen.wait("Interrupted", "Resume with")
    assert screen.end() == 130
    assert "Traceback" not in screen.seen()


def test_interrupted_in_every_step_and_resumed(place: Place, tmp_path: Path) -> None:
    site = tmp_path / "w"
    screen = _terminal(place)
    screen.wait("What would you like")
    screen.keys(ENTER)
    screen.wait("Which folder")
    screen.keys(CLEAR_LINE + str(site), ENTER)
    screen.wait("Which model")
    screen.keys(UP, ENTER)
    screen.wait("Do this now")
    screen.keys(ENTER)
    _interrupted(screen, "Environment: torch")
    resume = ("up", "--yes", "--site", str(site))
    assert "".join(f"{program()} {' '.join(resume)}".split()) in "".join(screen.seen().split())
    _interrupted(_terminal(place, *resume), "Canary: images")
    _interrupted(_terminal(place, "verify", "--env", str(site / "env")), "Asking in")
    screen = _terminal(place, *resume)
    screen.wait("Next:")
    assert screen.end() == 0
    assert "checks passed" in screen.seen()
    assert (site / "report.html").exists()


def test_interrupted_in_the_download_and_the_smoke_test(place: Place, tmp_path: Path) -> None:
    site = tmp_path / "site"
    arguments = ("up", "--yes", "--model", MODEL, "--site", str(site))
    with Hub({MODEL: ROOT / "recipes" / "canary" / "model"}) as hub:
        hub.bytes_per_second = 60_000
        slow = {"MODELSCOPE_ENDPOINT": hub.url}
        _interrupted(_terminal(place, *arguments, **slow), "Weights")
        hub.bytes_per_second = None
        _interrupted(_terminal(place, *arguments, **slow), "Smoke test:")
        screen = _terminal(place, *arguments, **slow)
        screen.wait("Next:")
        assert screen.end() == 0


@pytest.mark.parametrize("columns", [60, 120])
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_finished_site_says_what_it_holds_and_offers_a_real_model(
    built: Built, language: str, columns: int
) -> None:
    way, folder, holds, become, agree, nothing = WORDS[language]
    screen = _terminal(built.place, "--lang", language, columns=columns)
    screen.wait(way)
    screen.keys(ENTER)
    screen.wait(folder)
    screen.keys(CLEAR_LINE + str(built.site), ENTER)
    screen.wait(holds, become)
    screen.keys(ENTER)
    screen.wait("Qwen/Qwen2-VL")
    screen.keys(ENTER)
    screen.wait(agree)
    screen.keys(LEFT, LEFT)
    screen.wait(become)
    screen.keys(ENTER)
    screen.wait("Qwen/Qwen2-VL")
    screen.keys(ENTER)
    screen.wait(agree)
    screen.keys("n")
    screen.wait(nothing)
    assert screen.end() == 0
    assert '"canary"' in (built.site / "plan.json").read_text()


def test_a_finished_site_is_proved_again(built: Built) -> None:
    screen = _terminal(built.place, "up", "--site", str(built.site), columns=80)
    screen.wait("What do you want to do with it")
    screen.keys(DOWN, ENTER)
    screen.wait("checks passed")
    assert screen.end() == 0


def test_broken_found_and_mended(built: Built, place: Place, tmp_path: Path) -> None:
    env = tmp_path / "env"
    subprocess.run(["cp", "-al", str(built.env), str(env)], check=True)
    for part in (env / "lib").glob("python3*/site-packages/decord*"):
        shutil.rmtree(part)
    screen = _terminal(place)
    screen.wait("What would you like")
    screen.keys(UP, ENTER)
    screen.wait("What is broken")
    # Above the last three stand the environments that other tests have left.
    screen.keys(UP, UP, UP, ENTER)
    screen.wait("Which environment")
    screen.keys(CLEAR_LINE + str(env), ENTER)
    screen.wait("no video decoder", "Do this now")
    screen.keys("y")
    screen.wait("mended")
    screen.wait("Nothing is wrong")
    assert screen.end() == 0
    assert list((env / "lib").glob("python3*/site-packages/decord*"))
