"""click speaks the language in use, in every text of it that can be met."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import CompletedProcess

import click
import pytest

from setup_assistant.cli import app
from tests import catalogs


def test_every_text_of_click_is_translated() -> None:
    found = catalogs.translations()
    assert [text for text in catalogs.of_click() if not found.get(text)] == []


@pytest.mark.parametrize("line", ["--help", "report --help", "nosuch", "report x"])
def test_no_english_word_of_click_is_left(
    line: str, assistant: Callable[..., CompletedProcess[str]]
) -> None:
    done = assistant("--lang", "zh_CN", *line.split())
    said = done.stdout + done.stderr
    for english in ("Usage", "Options:", "Show this", "No such", "Got ", "[OPTIONS]", "Run:"):
        assert english not in said
    assert "用" in said


@pytest.mark.parametrize("verb", ["probe", "report", "verify"])
def test_options_stand_as_written_common_ones_last(verb: str) -> None:
    group = app._group()
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    names = [p.name for p in command.get_params(click.Context(command))]
    assert names[-5:-1] == ["as_json", "lang", "verbose", "quiet"]
    first = {"probe": "captures", "report": "site", "verify": "env"}
    assert names[0] == first[verb]
