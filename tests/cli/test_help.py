"""The pages that ship with the tool, and README, which leads to them."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from setup_assistant.cli.help import TOPICS, page_text
from setup_assistant.cli.terminal.pager import Pages
from setup_assistant.host.program import program
from tests.terminal import ENTER, Terminal

Call = Callable[..., "CompletedProcess[str]"]
ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "setup_assistant" / "pages"


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_says_the_same_in_both_languages(topic: str) -> None:
    english, chinese = page_text(topic, "en"), page_text(topic, "zh_CN")
    assert re.search("[\u4e00-\u9fff]", chinese)
    if topic == "measured":  # the Chinese page is a summary, and says so
        return
    for pattern in (r"^#+ ", r"^\| ", r"^```$", r"^setup-assistant .*"):
        found = [re.findall(pattern, text, re.MULTILINE) for text in (english, chinese)]
        assert len(found[0]) == len(found[1]), pattern
        if pattern.startswith("^setup"):
            assert found[0] == found[1]


def test_every_page_is_a_topic() -> None:
    for language in ("en", "zh_CN"):
        assert {p.stem for p in (PAGES / language).glob("*.md")} == set(TOPICS)


def test_topics_are_listed_and_shown(assistant: Call) -> None:
    listed = assistant("help")
    assert all(topic in listed.stdout for topic in TOPICS)
    shown = assistant("help", "limits", "--lang", "zh_CN")
    assert shown.stdout.startswith("# 局限")
    value = json.loads(assistant("help", "json", "--json").stdout)
    assert value["data"]["topic"] == "json"


def test_commands_are_printed_as_they_work_here(assistant: Call) -> None:
    shown = assistant("help", "troubleshooting").stdout
    assert f"\n{program()} doctor\n" in shown


def test_on_a_terminal_a_page_stops_at_each_screen_and_commands_keep_their_lines() -> None:
    env = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    screen = Terminal([sys.executable, "-m", "setup_assistant", "help", "provisioning"], env,
                      columns=80, rows=24)  # fmt: skip
    screen.wait("Enter: more; q: enough")
    assert len(screen.lines()) < 24
    screen.keys(ENTER)
    screen.wait("plan --driver 580.95.05", "Enter: more; q: enough")
    # Only the terminal breaks the line, so that it is copied whole.
    command = "".join(line.ljust(screen.columns) for line in screen.lines())
    assert f"  {program()} probe --from nvidia-smi.txt --save machine.json " in command
    screen.keys("q", ENTER)
    assert screen.end() == 0


def test_a_page_counts_the_rows_that_a_long_line_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO("\n\n\n"))
    paged = Pages(shown, rows=4, columns=10)
    for line in ("one", f"\x1b[1m{'x' * 20}\x1b[0m", "four", "字" * 6, "seven", "y" * 99, "end"):
        paged.write(f"{line}\n")
    pages = re.split(r"  -- .* --\r\x1b\[J", shown.getvalue())
    assert [page.count("\n") for page in pages] == [3, 2, 1, 1]


def test_an_unknown_topic_names_the_ones_there_are(assistant: Call) -> None:
    done = assistant("help", "limit")
    assert done.returncode == 2
    assert "limits" in done.stderr


def test_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    english, chinese = text.split("## 中文说明")
    assert len(english.splitlines()) <= 120
    assert len(chinese.splitlines()) <= 120
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []
