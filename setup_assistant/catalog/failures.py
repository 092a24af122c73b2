"""Texts of failures and their causes, from `recipes/failures.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from setup_assistant import frozen_json
from setup_assistant.catalog.folder import recipes
from setup_assistant.errors import SetupError


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One known failure.

    `patterns` are regular expressions over the text, without regard to case. Those in `hints`,
    and all of a `weak` row, say little by themselves and give way to any other. `symptom_of` are
    the ids of deeper causes: where one of them stands in the text too, this one comes after it.
    `cause` and `advice` are sentences in English, `cause_zh` and `advice_zh` in Chinese.
    """

    id: str
    layer: str
    patterns: tuple[str, ...]
    cause: str
    advice: str
    cause_zh: str
    advice_zh: str
    source: str
    date: str
    hints: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    root: bool = False
    reboot: bool = False
    reversible: bool = True
    weak: bool = False
    symptom_of: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _File:
    failure: tuple[Failure, ...]


def load(folder: Path | None = None) -> tuple[Failure, ...]:
    """Return every known failure.

    Raises:
        SetupError: `recipe_invalid`, naming file and key.
    """
    import re

    path = recipes(folder) / "failures.toml"
    rows = frozen_json.load_toml(path, _File).failure
    for row in rows:
        for pattern in (*row.patterns, *row.hints):
            try:
                # The flags of the search: a pattern is compiled once.
                re.compile(pattern, re.IGNORECASE | re.MULTILINE)
            except re.error as error:
                detail = f"failure {row.id}: {pattern}: {error}"
                raise SetupError("recipe_invalid", file=str(path), detail=detail) from error
    return rows
