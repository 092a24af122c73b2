"""Tables of what looks answer: every case of a look in one text, kept whole beside the test."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import Trouble
from setup_assistant.doctor.gather import opened
from tests.conftest import ROOT
from tests.doctor.body import Body
from tests.recorded import compare

# A case and what was answered in it.
Rows = Iterator[tuple[str, object]]
Table = Callable[[Body], Rows]


class Tables:
    """The tables of one test module, by the names of the functions that make them."""

    def __init__(self, kept: Path) -> None:
        self.kept = kept
        self.makers: dict[str, Table] = {}

    def __call__(self, maker: Table) -> Table:
        """Register a table."""
        self.makers[maker.__name__] = maker
        return maker

    def compare(self, name: str, body: Body) -> None:
        """Compare a table with what was kept of it, without the places of this machine."""
        text = "\n".join(line for label, answer in self.makers[name](body)
                         for line in (f"* {label}", *shown(answer)))  # fmt: skip
        compare(self.kept, {name: without_places(text, body)})


def without_places(text: str, body: Body) -> str:
    """Return a text with words in place of the folders and programs of this machine."""
    # Some places need quotes in a shell; uv may be a program of its own.
    pairs = (("'", ""), (body.folder, "BODY"), (sys.executable, "PYTHON"), ("PYTHON -m uv", "uv"),
             (ROOT, "ROOT"))  # fmt: skip
    return functools.reduce(lambda t, p: t.replace(str(p[0]), p[1]), pairs, text)


def shown(answer: object) -> Iterable[str]:
    """Yield the lines of an answer: of a trouble all that it says."""
    if not isinstance(answer, Trouble):
        yield f"  {answer}"
        return
    named = [f"{k} {v}" for k in ("id", "cause", "advice") if (v := getattr(answer, k))]
    yield "  " + ", ".join([answer.status, answer.confidence, *named])
    yield from (f"  = {name}: {value}" for name, value in sorted(answer.values.items()))
    yield from (f"  - {source}: {value}" for source, value in answer.evidence)
    yield from (f"  > {command}" for command in answer.commands)


def case_of(body: Body, variables: dict[str, str] | None = None, **fields: Any) -> Case:
    """Return the case of a body, with its folders opened and some fields as told."""
    return replace(opened(body.case(**(variables or {}))), **fields)
