"""Where a sentence is said, it gets a value for each of its places, and none that it has not."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.catalog import causes
from setup_assistant.doctor.text_reason import ONLY_INFERRED
from setup_assistant.errors import ERRORS
from setup_assistant.machine import verdicts

PACKAGE = Path(__file__).resolve().parent.parent / "setup_assistant"
SAYING = {"msg", "_", "because", "beware", "first"}


def places(template: str) -> set[str]:
    parts = string.Formatter().parse(template)
    return {name.partition(".")[0] for _text, name, _spec, _conversion in parts if name}


def functions(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield what runs when it is called: a sentence of a table is filled elsewhere."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from (n for n in node.body if isinstance(n, ast.FunctionDef))


def calls() -> Iterator[tuple[str, str, ast.Call, set[str]]]:
    """Yield each call whose keywords can be told: where, of what, and its keywords."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in (n for function in functions(tree) for n in ast.walk(function)):
            if isinstance(node, ast.Call) and all(k.arg for k in node.keywords):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                where = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                yield where, name, node, {str(k.arg) for k in node.keywords}


def text_of(node: ast.expr) -> str | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) else None


def test_each_place_of_a_sentence_is_filled_where_it_is_said() -> None:
    wrong = []
    for where, name, node, given in calls():
        texts = [t for t in map(text_of, node.args) if t is not None]
        if name not in SAYING or not texts:
            continue
        if places(texts[-1]) != given:
            wrong.append((where, texts[-1], sorted(places(texts[-1]) ^ given)))
    assert wrong == []


def test_each_place_of_an_error_is_filled_where_it_is_raised() -> None:
    wrong = []
    for where, name, node, given in calls():
        code = text_of(node.args[0]) if node.args else None
        if name == "SetupError" and code is not None:
            kind = ERRORS[code]
            wanted = places(kind.sentence.template) | places(kind.remedy.template)
            if wanted != given:
                wrong.append((where, code, sorted(wanted ^ given)))
    assert wrong == []


def test_what_is_called_a_cause_is_one() -> None:
    ids = {row.id for _layer, row in causes.every()}
    assert set(ONLY_INFERRED) - ids == set()
    assert {causes.find(name).id for name in verdicts.TOLD} <= ids
