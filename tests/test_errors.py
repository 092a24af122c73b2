"""One table of failures: each code is raised somewhere and has a sentence and a remedy."""

import ast
import functools
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


def _string_constants() -> set[str]:
    """Return the string literals that stand where an error is raised or named by its code."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "errors":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                constants = [*node.args, *(k.value for k in node.keywords)]
                found |= {
                    a.value
                    for a in constants
                    if isinstance(a, ast.Constant) and isinstance(a.value, str)
                }
    return found


@functools.cache
def _raised() -> set[str]:
    """Return the codes given to SetupError (or to a function that hands them on)."""
    return _string_constants() & set(ERRORS)


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_each_code_is_raised_somewhere(code: str) -> None:
    assert code in _raised() | _defaults()


@functools.cache
def _defaults() -> set[str]:
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name == "errors":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                found |= {
                    d.value
                    for d in [*node.args.defaults, *node.args.kw_defaults]
                    if isinstance(d, ast.Constant) and isinstance(d.value, str)
                }
            if isinstance(node, ast.Dict):
                found |= {
                    v.value
                    for v in node.values
                    if isinstance(v, ast.Constant) and isinstance(v.value, str)
                }
    return found & set(ERRORS)


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
