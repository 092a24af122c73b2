"""The formula against figures that other people measured and published."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path

from setup_assistant import values
from setup_assistant.choose.memory import Setting, Work, estimate
from setup_assistant.choose.tokens import image_grid
from tests.choose.described import GIB, known


@dataclass(frozen=True, kw_only=True)
class Row:
    source: str
    model: str
    transformers: str
    torch: str
    gib: float
    images: tuple[str, ...] = ()
    least: bool = False


@dataclass(frozen=True, kw_only=True)
class Rows:
    row: tuple[Row, ...]


def rows() -> tuple[Row, ...]:
    return values.load_toml(Path(__file__).with_name("measured.toml"), Rows).row


def predicted(row: Row) -> float:
    model = next(m for m in known().models if m.id == row.model)
    sides = [[int(n) for n in size.split("x")] for size in row.images]
    dtype = "bfloat16" if model.quantization == "none" else "float16"
    setting = Setting(dtype=dtype, part="8.0", transformers=row.transformers, torch=row.torch)
    work = Work(grids=tuple(image_grid(w, h, model.vision) for w, h in sides))
    return estimate(model, work, setting).total / GIB


def test_published_figures_are_met() -> None:
    apart = {row.source: predicted(row) / row.gib - 1 for row in rows()}
    assert max(abs(share) for share in apart.values()) <= 0.10, apart
    assert statistics.median(abs(share) for share in apart.values()) <= 0.03, apart
    assert all(apart[row.source] >= 0 for row in rows() if row.least)
