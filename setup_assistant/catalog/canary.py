"""The canary: its files, their sums, and its recorded answers, from `recipes/canary`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from setup_assistant import frozen_json
from setup_assistant.catalog.folder import Sourced, recipes
from setup_assistant.catalog.smoke import Kind, Language


@dataclass(frozen=True, kw_only=True)
class Case:
    """One recorded question. `files` are relative to the canary's folder."""

    id: str
    kind: Kind
    language: Language
    files: tuple[str, ...]
    question: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class Header(Sourced):
    """What holds for all cases. `logits_atol`: allowed difference in float32 on a CPU."""

    licence: str
    model_sha256: str
    logits_atol: float
    recorded_with: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class _File:
    canary: Header
    files: dict[str, str]
    case: tuple[Case, ...]


@dataclass(frozen=True, kw_only=True)
class Canary:
    """The canary in `folder`. `sums` maps each file, relative to it, to its sha256."""

    folder: Path
    header: Header
    sums: dict[str, str]
    cases: tuple[Case, ...]

    @property
    def model(self) -> Path:
        """The model folder."""
        return self.folder / "model"

    @property
    def reference(self) -> Path:
        """Recorded float32 logits of the first answer token, one vector per case."""
        return self.folder / "reference.safetensors"


def load(folder: Path | None = None) -> Canary:
    """Return the canary of the recipes in `folder`.

    Raises:
        SetupError: `recipe_invalid`, naming file and key.
    """
    where = (recipes(folder) / "canary").absolute()
    read = frozen_json.load_toml(where / "cases.toml", _File)
    return Canary(folder=where, header=read.canary, sums=read.files, cases=read.case)
