"""One table of failures: each code is raised somewhere and has a sentence and a remedy."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup_assistant import messages
from setup_assistant.errors import (
    ERRORS,
    Exit,
    SetupError,
    building,
    choosing,
    environments,
    fleet,
    usage,
    weights,
)

PACKAGE = Path(__file__).resolve().parent.parent / "setup_assistant"


def _constants(node: ast.AST) -> Iterator[ast.expr | None]:
    """Yield what may be a code: what is handed on, a default, a value of a table."""
    if isinstance(node, ast.Call):
        yield from (*node.args, *(k.value for k in node.keywords))
    elif isinstance(node, ast.FunctionDef):
        yield from (*node.args.defaults, *node.args.kw_defaults)
    elif isinstance(node, ast.Dict):
        yield from node.values


def test_each_code_is_raised_somewhere() -> None:
    found = {
        value.value
        for path in PACKAGE.rglob("*.py")
        if path.parent.name != "errors"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for value in _constants(node)
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }
    assert set(ERRORS) - found == set()


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_each_code_speaks_english_and_chinese(code: str) -> None:
    kind = ERRORS[code]
    for message in (kind.sentence, kind.remedy):
        assert message.template
        messages.use_language("zh_CN")
        chinese = messages._catalog.gettext(message.template)
        messages.use_language("en")
        only_places = message.template.strip("{}").isidentifier()
        assert only_places or chinese != message.template, message.template


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(KeyError):
        SetupError("no_such_code")


def test_an_error_knows_its_exit_and_fills_its_sentence() -> None:
    error = SetupError("no_space", path="/x", free="1 GB", need="5 GB", flag="--site")
    assert error.exit == Exit.CANNOT
    assert "/x has 1 GB free; this needs 5 GB." in str(error)
    assert "--site" in error.hint.english


def test_no_code_stands_in_two_tables() -> None:
    tables = (usage, choosing, building, environments, weights, fleet)
    assert sum(len(t.ERRORS) for t in tables) == len(ERRORS)
