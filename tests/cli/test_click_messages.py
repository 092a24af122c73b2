"""click speaks the language in use, in every text of it that can be met."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import click
import pytest
from babel.messages.extract import extract_from_file

from setup_assistant.cli import app
from setup_assistant.cli.terminal import click_messages

# Texts for programmers, for prompts that only `ask` makes, and for deprecations there are none of.
UNMET = (
    "deprecat", "Boolean option", "Could not determine name", "No options defined",
    "Name '{name}' defined twice", "Arguments take exactly", "Value must be an iterable",
    "Choice({choices})", "does not match the format", "is not a valid UUID", "Do you want",
    "Confirm the action", "Invalid start character", "values are required",
)  # fmt: skip


def _of_click() -> set[str]:
    root = Path(click.__file__).parent
    found: set[str] = set()
    for name in ("core", "decorators", "exceptions", "formatting", "parser", "types"):
        path = root / f"{name}.py"
        if not path.exists():
            continue
        keywords = {"_": None, "ngettext": (1, 2)}
        for _line, message, _c, _x in extract_from_file("python", str(path), keywords=keywords):
            found.update(message if isinstance(message, tuple) else (message,))
    return {text for text in found if not any(part in text for part in UNMET)}


def test_every_text_of_click_is_known() -> None:
    assert _of_click() <= {text.template for text in click_messages.TEXTS}


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
