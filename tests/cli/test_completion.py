"""Completion, asked for by real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from setup_assistant.cli.completion import script
from setup_assistant.host import sites
from tests.terminal import CLEAR_LINE, ENTER, Terminal

ROOT = Path(__file__).resolve().parents[2]
BASH = """
source <(setup-assistant completion bash)
COMP_WORDS=({words}); COMP_CWORD={at}
$(complete -p ${{COMP_WORDS[0]}} | sed 's/.*-F \\([^ ]*\\).*/\\1/') ${{COMP_WORDS[0]}}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    """Run a shell that has `setup-assistant` on its path."""
    program = tmp_path / "setup-assistant"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m setup_assistant.cli.app "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def run(name: str, *arguments: str) -> CompletedProcess[str]:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
        return subprocess.run(
            [name, *arguments], env={**env, "HOME": str(tmp_path)},
            capture_output=True, text=True, timeout=600, check=True,
        )  # fmt: skip

    return run


@pytest.mark.parametrize(
    ("words", "at", "wanted"),
    [
        ("setup-assistant pl", 1, {"plan"}),
        ("setup-assistant report --fo", 2, {"--format"}),
        ("setup-assistant report --format h", 3, {"html"}),
        ("setup-assistant completion ''", 2, {"bash", "zsh", "fish", "powershell"}),
        ("setup-assistant up --model qwen2-vl-2b-instruct-a", 3,
         {"Qwen/Qwen2-VL-2B-Instruct-AWQ"}),
        ("setup-assistant estimate Qwen/Qwen2-VL-7B-Instruct-A", 2,
         {"Qwen/Qwen2-VL-7B-Instruct-AWQ"}),
        ("setup-assistant verify --model can", 3, {"canary"}),
        ("python3 -m setup_assistant report --fo", 4, {"--format"}),
        ("python3 -m setup_assistant up --model ca", 5, {"canary"}),
        ("python3 -m other pl", 3, set()),
    ],
)  # fmt: skip
def test_bash(
    shell: Callable[..., CompletedProcess[str]], words: str, at: int, wanted: set[str]
) -> None:
    done = shell("bash", "-c", BASH.format(words=words, at=at))
    assert set(done.stdout.split()) == wanted, done.stderr


@pytest.mark.parametrize(
    ("words", "at", "wanted"),
    [
        ("setup-assistant report --site ''", 3, "site"),
        ("setup-assistant verify --env ''", 3, "site/env"),
        ("setup-assistant env activate ''", 3, "site"),
    ],
)
def test_the_sites_and_environments_of_this_machine(
    shell: Callable[..., CompletedProcess[str]], tmp_path: Path, words: str, at: int, wanted: str
) -> None:
    site = tmp_path / "site"
    (site / "env").mkdir(parents=True)
    (site / "env" / "pyvenv.cfg").touch()
    sites.register(site)
    done = shell("bash", "-c", BASH.format(words=words, at=at))
    name = wanted if "activate" in words else str(tmp_path / wanted)
    assert done.stdout.split() == [name], done.stderr


def test_fish(shell: Callable[..., CompletedProcess[str]]) -> None:
    line = "setup-assistant completion fish | source; complete -C 'setup-assistant pl'"
    done = shell("fish", "-c", line)
    assert done.stdout.split()[0] == "plan", done.stderr
    asked = "complete -C 'python3 -m setup_assistant up --model ca'"
    done = shell("fish", "-c", f"setup-assistant completion fish | source; {asked}")
    assert "canary" in done.stdout.split(), done.stderr


def test_zsh_reads_its_script(shell: Callable[..., CompletedProcess[str]], tmp_path: Path) -> None:
    (tmp_path / "script").write_text(script("zsh"))
    done = shell("zsh", "-c", f"autoload -U compinit; compinit -u; . {tmp_path}/script; "
                 "print $_comps[setup-assistant] $_comps[python3]")  # fmt: skip
    wanted = ["_setup_assistant_completion", "_setup_assistant_module"]
    assert done.stdout.split() == wanted, done.stderr


def test_powershell_asks_for_what_bash_asks_for() -> None:
    # No PowerShell runs here: what it hands over is tried through the same variables.
    text = script("powershell")
    assert text.count("{") == text.count("}")
    env = {
        **os.environ, "PYTHONPATH": str(ROOT), "_SETUP_ASSISTANT_COMPLETE": "bash_complete",
        "COMP_WORDS": "setup-assistant pl", "COMP_CWORD": "1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "setup_assistant.cli.app"], env=env,
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["plain,plan"]


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("name", "arguments", "load"),
    [
        ("bash", ["--norc", "-i"], 'eval "$(setup-assistant completion bash)"'),
        ("zsh", ["-f", "-i"],
         'autoload -U compinit; compinit -u; eval "$(setup-assistant completion zsh)"'),
        ("fish", ["--no-config", "-i"], "setup-assistant completion fish | source"),
    ],
)  # fmt: skip
def test_the_tab_key_completes(tmp_path: Path, name: str, arguments: list[str], load: str) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    program = tmp_path / "setup-assistant"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m setup_assistant.cli.app "$@"\n')
    program.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
           "HOME": str(tmp_path), "TERM": "xterm-256color", "PS1": "$ "}  # fmt: skip
    screen = Terminal([str(shutil.which(name)), *arguments], env, columns=100)
    screen.rest(1.0)
    screen.keys(f"{load}; echo loa''ded", ENTER)
    screen.wait("loaded")
    screen.keys("setup-assistant unin\t")
    screen.wait("setup-assistant uninstall")
    screen.keys(CLEAR_LINE, "python3 -m setup_assistant unin\t")
    screen.wait("setup_assistant uninstall")
    screen.kill()
