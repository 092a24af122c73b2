"""What rehearsals on real GPUs measured, from `recipes/rehearsed.toml`; none yet is no fault."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from setup_assistant import frozen_json
from setup_assistant.catalog.folder import recipes

FILE = "rehearsed.toml"


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """One call: `grids` are "steps x height x width" of everything the vision tower saw.

    `measured` are the bytes that torch's allocator held at most, and the CUDA context that the
    formula counts; `predicted` what the formula said on that day.
    """

    model: str
    case: str
    grids: str
    text_tokens: int
    new_tokens: int
    dtype: str
    gpu: str
    compute_capability: str
    driver: str
    torch: str
    transformers: str
    predicted: int
    measured: int
    date: str


@dataclass(frozen=True, kw_only=True)
class _File:
    row: tuple[Rehearsal, ...] = ()


def load(folder: Path | None = None) -> tuple[Rehearsal, ...]:
    """Return every row, none where nobody has measured yet.

    Raises:
        SetupError: `recipe_invalid`, naming file and key.
    """
    path = recipes(folder) / FILE
    return frozen_json.load_toml(path, _File).row if path.exists() else ()
