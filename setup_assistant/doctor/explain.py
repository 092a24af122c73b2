"""A pasted traceback or log, matched to known causes. Nothing that matches is "not known"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.catalog import failures
from setup_assistant.catalog.failures import Failure
from setup_assistant.doctor.finding import LAYERS, Finding, Fix
from setup_assistant.words import Message, language

_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_WIDEST = 300


@dataclass(frozen=True, kw_only=True)
class _Match:
    failure: Failure
    line: int
    text: str


def explain(text: str, recipes: Path | None = None) -> tuple[Finding, ...]:
    """Return the causes that a text tells of, the most likely first; none where none is known.

    An earlier line outranks a later one: what fails last is most often a consequence. Patterns
    that say little by themselves come after all others.
    """
    clean = _COLOURS.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    found = [m for f in failures.load(recipes) if (m := _first(f, clean)) is not None]
    strong = [m for m in found if not m.failure.weak]
    ranked = sorted(strong, key=lambda m: m.line)
    ranked += sorted((m for m in found if m.failure.weak), key=lambda m: m.line)
    return tuple(_finding(m, primary=i == 0) for i, m in enumerate(ranked))


def _first(failure: Failure, text: str) -> _Match | None:
    hits = [h for p in failure.patterns if (h := re.search(p, text, re.IGNORECASE | re.MULTILINE))]
    if not hits:
        return None
    hit = min(hits, key=lambda h: h.start())
    line = text.count("\n", 0, hit.start())
    shown = text.splitlines()[line].strip() if text else ""
    return _Match(failure=failure, line=line, text=shown[:_WIDEST])


def _finding(match: _Match, *, primary: bool) -> Finding:
    row = match.failure
    chinese = language() == "zh_CN"
    root = row.root or any("sudo " in c for c in row.commands)
    layer = row.layer if row.layer in LAYERS else "packages"
    return Finding(
        id=row.id,
        layer=layer,
        status="fail",
        evidence=((f"line {match.line + 1}", match.text),),
        cause=Message(row.cause_zh if chinese else row.cause),
        confidence="inferred",
        fix=Fix(
            advice=Message(row.advice_zh if chinese else row.advice),
            commands=row.commands,
            needs_root=root,
            needs_reboot=row.reboot,
            reversible=row.reversible,
        ),
        primary=primary,
        links=(row.source,),
    )
