"""GGUF files, against the sizes of those that other people made."""

from __future__ import annotations

import pytest

from setup_assistant.catalog.models import Model
from setup_assistant.choose import gguf
from setup_assistant.choose.gguf import Kind
from setup_assistant.choose.memory import Work
from setup_assistant.choose.vision_tokens import Grid
from tests.choose.described import known

# huggingface.co/bartowski/Qwen2-VL-2B-Instruct-GGUF and those of 7B and 72B, in GB
# (72B to a tenth: its rows are not of whole blocks).
SIZES: list[tuple[str, Kind, float]] = [
    ("2B", "F16", 3.09), ("2B", "Q8_0", 1.65), ("2B", "Q6_K", 1.27), ("2B", "Q5_K_M", 1.13),
    ("2B", "Q5_K_S", 1.10), ("2B", "Q4_K_M", 0.99), ("2B", "Q4_K_S", 0.94), ("7B", "Q8_0", 8.10),
    ("7B", "Q6_K", 6.25), ("7B", "Q5_K_M", 5.44), ("7B", "Q5_K_S", 5.32), ("7B", "Q4_K_M", 4.68),
    ("7B", "Q4_K_S", 4.46), ("7B", "Q3_K_M", 3.81), ("7B", "Q2_K", 3.02),
    ("72B", "Q4_K_M", 47.4),
]  # fmt: skip


def sized(size: str) -> Model:
    return next(m for m in known().models if m.id == f"Qwen/Qwen2-VL-{size}-Instruct")


@pytest.mark.parametrize(("size", "kind", "gb"), SIZES)
def test_the_published_file_is_so_large(size: str, kind: Kind, gb: float) -> None:
    assert gguf.file_bytes(sized(size), kind) / 1e9 == pytest.approx(
        gb, abs=0.006 if gb < 10 else 0.05
    )


def test_experts_are_all_in_the_file() -> None:
    """prithivMLmods/Qwen3-Coder-30B-A3B-Instruct-GGUF, of the same shapes: 18.6 GB in Q4_K_M."""
    model = next(m for m in known().models if m.id == "Qwen/Qwen3-VL-30B-A3B-Instruct")
    assert gguf.file_bytes(model, "Q4_K_M") / 1e9 == pytest.approx(18.6, abs=0.1)


def test_the_published_towers_file_is_so_large() -> None:
    """mmproj-Qwen2-VL-7B-Instruct-f32.gguf has 2.7 GB; in 16 bits it has half."""
    assert 2 * gguf.projector_bytes(sized("7B").shapes) / 1e9 == pytest.approx(2.7, abs=0.05)


def test_the_whole_context_and_the_published_buffer_of_the_tower_are_set_aside() -> None:
    model = sized("7B")
    none, one = (
        gguf.estimate(model, Work(grids=grids), "Q4_K_M", 4096)
        for grids in ((), (Grid(1, 92, 92),))
    )
    assert none.kv_cache == 4096 * 56 * 1024
    assert one.total - none.total == one.vision
    assert one.vision / 1280 * 1152 / (1 << 20) == pytest.approx(248.10, rel=0.02)
