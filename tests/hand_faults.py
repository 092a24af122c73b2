"""Faults as a hand makes them: what `tests.mutation` plants beside cosmic-ray's.

A condition forgotten, two arguments swapped, a keyword left out, the other end taken, a step
skipped, a name misspelled. Each is one replacement in the text of a module.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_JUMPS = (ast.Raise, ast.Continue, ast.Break)
_OTHER = {
    "min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list", "reversed": "list",
    "startswith": "endswith", "endswith": "startswith", "partition": "rpartition",
    "rpartition": "partition", "split": "rsplit", "rsplit": "split", "removeprefix": "removesuffix",
    "removesuffix": "removeprefix", "fullmatch": "match", "match": "search", "search": "match",
    "casefold": "strip", "lower": "strip", "append": "count", "add": "discard",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One replacement: what lies between two places of a text."""

    kind: str
    node: ast.expr | ast.stmt
    text: str


class Text:
    """The text of a module, cut by the places that `ast` gives (lines, and bytes in them)."""

    def __init__(self, text: str) -> None:
        self._bytes = text.encode()
        self._starts = [0]
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        end_line, end_column = node.end_lineno or 0, node.end_col_offset or 0
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[end_line - 1] + end_column,
        )

    def of(self, node: ast.expr | ast.stmt) -> str:
        """Return what is written for a node."""
        begin, end = self._span(node)
        return self._bytes[begin:end].decode()

    def changed(self, change: Change) -> str:
        """Return the whole text after a change."""
        begin, end = self._span(change.node)
        return (self._bytes[:begin] + change.text.encode() + self._bytes[end:]).decode()


def changes(source: str) -> list[Change]:
    """Return every change that this module knows of a text, in the order of the text."""
    text = Text(source)
    tree = ast.parse(source)
    left_out = set(_left_out(tree))
    found = [
        change
        for node in ast.walk(tree)
        if id(node) not in left_out
        for kind in _KINDS
        for change in kind(node, text)
    ]
    return sorted(found, key=lambda c: (c.node.lineno, c.node.col_offset, c.kind, c.text))


def _left_out(tree: ast.AST) -> Iterator[int]:
    """What changes no behaviour, and what has no place of its own before Python 3.12."""
    for node in ast.walk(tree):
        typed = isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "Literal"
        if typed or isinstance(node, ast.JoinedStr):
            yield from map(id, ast.walk(node))
        parts = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        parts += getattr(node, "decorator_list", [])
        for part in filter(None, parts):
            yield from map(id, ast.walk(part))


def _conditions(node: ast.AST, text: Text) -> Iterator[Change]:
    if isinstance(node, ast.BoolOp):
        word = " and " if isinstance(node.op, ast.And) else " or "
        for left in node.values:
            others = [f"({text.of(v)})" for v in node.values if v is not left]
            yield Change("a condition forgotten", node, f"({word.join(others)})")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield Change("not forgotten", node, f"({text.of(node.operand)})")
    elif isinstance(node, ast.If):
        yield Change("always", node.test, "True")
        yield Change("never", node.test, "False")
    elif isinstance(node, ast.IfExp):
        yield Change("always", node, f"({text.of(node.body)})")
        yield Change("never", node, f"({text.of(node.orelse)})")
    elif isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield Change("a filter forgotten", test, "True")


def _calls(node: ast.AST, text: Text) -> Iterator[Change]:
    if not isinstance(node, ast.Call):
        return
    name = text.of(node.func)
    given = [text.of(a) for a in node.args]
    named = [f"{k.arg}={text.of(k.value)}" if k.arg else f"**{text.of(k.value)}"
             for k in node.keywords]  # fmt: skip
    for n in range(len(given) - 1):
        if given[n] != given[n + 1] and not given[n].startswith("*"):
            swapped = [*given[:n], given[n + 1], given[n], *given[n + 2 :]]
            yield Change("arguments swapped", node, f"{name}({', '.join([*swapped, *named])})")
    for n in range(len(named)):
        rest = ", ".join([*given, *named[:n], *named[n + 1 :]])
        yield Change("a keyword left out", node, f"{name}({rest})")
    before, dot, last = name.rpartition(".")
    if last in _OTHER:
        yield Change("the other function", node.func, before + dot + _OTHER[last])


def _steps(node: ast.AST, text: Text) -> Iterator[Change]:
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    if isinstance(node, ast.stmt) and (called or isinstance(node, _JUMPS)):
        yield Change("a step skipped", node, "pass")
    elif isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return):
        yield Change("a return skipped", node.body[-1], "pass")


def _ends(node: ast.AST, text: Text) -> Iterator[Change]:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        if text.of(node.slice) in ("0", "-1"):
            yield Change("the other end", node.slice, "-1" if text.of(node.slice) == "0" else "0")
        if isinstance(node.slice, ast.Slice):
            yield Change("uncut", node, text.of(node.value))


def _words(node: ast.AST, text: Text) -> Iterator[Change]:
    """Names that are compared, looked up or listed; sentences are left alone."""
    parts: list[ast.expr] = []
    if isinstance(node, ast.Compare):
        parts = [node.left, *node.comparators]
    elif isinstance(node, ast.Tuple | ast.Set | ast.List):
        parts = node.elts
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        parts = node.args
    elif isinstance(node, ast.Subscript):
        parts = [node.slice]
    for part in parts:
        word = part.value if isinstance(part, ast.Constant) else None
        if isinstance(word, str) and 0 < len(word) < 40 and word.isprintable():
            yield Change("a name misspelled", part, repr(word[:-1] + "~"))


_KINDS: tuple[Callable[[ast.AST, Text], Iterator[Change]], ...] = (
    _conditions, _calls, _steps, _ends, _words,
)  # fmt: skip
