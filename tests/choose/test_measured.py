"""The formula against figures that other people measured and published."""

from __future__ import annotations

import functools
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from setup_assistant import values
from setup_assistant.choose.memory import Setting, Work, estimate
from setup_assistant.choose.tokens import image_grid
from tests.choose.described import GIB, known

MEDIAN, WORST = 0.03, 0.10
VARIANTS = ("", "-GPTQ-Int8", "-GPTQ-Int4", "-AWQ")


@dataclass(frozen=True, kw_only=True)
class Row:
    source: str
    url: str
    date: str
    model: str
    transformers: str
    torch: str
    gib: float
    measure: Literal["process", "allocated", "vision"] = "process"
    images: tuple[str, ...] = ()
    attention: str = "sdpa"
    gpus: int = 1
    text_tokens: int = 64
    new_tokens: int = 128
    least: bool = False
    tried: float | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    size: str
    tokens: int
    gib: tuple[float, ...]
    gpus: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    url: str
    date: str
    transformers: str
    torch: str
    attention: str
    new_tokens: int
    line: tuple[Line, ...]

    def rows(self) -> tuple[Row, ...]:
        return tuple(
            Row(
                source=f"{line.size}{variant}, {line.tokens} tokens, {gpus} cards",
                model=f"Qwen/Qwen2-VL-{line.size}-Instruct{variant}",
                text_tokens=line.tokens, new_tokens=self.new_tokens, gib=gib, gpus=gpus,
                url=self.url, date=self.date, transformers=self.transformers, torch=self.torch,
                attention=self.attention,
            )
            for line in self.line
            for variant, gib, gpus in zip(VARIANTS, line.gib, line.gpus, strict=True)
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Measured:
    row: tuple[Row, ...]
    table: Table


@functools.cache
def measured() -> Measured:
    return values.load_toml(Path(__file__).with_name("measured.toml"), Measured)


def predicted(row: Row) -> float:
    model = next(m for m in known().models if m.id == row.model)
    sides = [[int(n) for n in size.split("x")] for size in row.images]
    dtype = "bfloat16" if model.quantization == "none" else "float16"
    setting = Setting(dtype=dtype, part="8.0", transformers=row.transformers, torch=row.torch,
                      attention=row.attention, gpus=row.gpus)  # fmt: skip
    work = Work(
        grids=tuple(image_grid(w, h, model.vision) for w, h in sides),
        text_tokens=row.text_tokens,
        new_tokens=row.new_tokens,
    )
    need = estimate(model, work, setting)
    found = {
        "process": need.total,
        "allocated": need.allocated,
        "vision": need.weights + need.vision,
    }
    return found[row.measure] / GIB


def apart(rows: tuple[Row, ...]) -> dict[str, float]:
    """Return the share by which each prediction is off, and print it with median and worst."""
    found = {row.source: predicted(row) / row.gib - 1 for row in rows}
    lines = [f"{found[row.source]:+7.1%}  {row.gib:7.2f} GiB  {row.source}" for row in rows]
    lines.append(f"median {middle(found):.1%}, worst {worst(found):.1%} of {len(rows)}")
    sys.stdout.write("\n".join(["", *lines, ""]))
    return found


def middle(found: dict[str, float]) -> float:
    return statistics.median(abs(share) for share in found.values())


def worst(found: dict[str, float]) -> float:
    return max(abs(share) for share in found.values())


def test_published_figures_are_met() -> None:
    found = apart(measured().row + measured().table.rows())
    assert len(found) >= 54
    assert middle(found) <= MEDIAN, found
    assert worst(found) <= WORST, found


def test_single_readings_with_pictures_are_met_on_their_own() -> None:
    rows = measured().row
    found = apart(rows)
    assert middle(found) <= MEDIAN, found
    assert all(found[row.source] >= 0 for row in rows if row.least)


def test_the_published_table_is_met_on_one_card_and_on_several() -> None:
    rows = measured().table.rows()
    for several in (False, True):
        found = apart(tuple(row for row in rows if (row.gpus > 1) == several))
        assert middle(found) <= 0.01, found
        assert worst(found) <= 0.05, found


def test_the_block_asked_for_is_one_score_matrix() -> None:
    (row,) = (row for row in measured().row if row.tried)
    model = next(m for m in known().models if m.id == row.model)
    width, height = (int(n) for n in row.images[0].split("x"))
    patches = image_grid(width, height, model.vision).patches
    assert round(2 * model.shapes.vit_heads * patches**2 / GIB, 2) == row.tried
