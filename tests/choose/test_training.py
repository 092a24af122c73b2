"""LoRA and QLoRA, against what other people counted and measured."""

from __future__ import annotations

import pytest

from setup_assistant.choose import training
from setup_assistant.choose.config_model import described
from setup_assistant.choose.memory import Work
from setup_assistant.choose.terms import Setting
from setup_assistant.choose.training import Targets
from tests.choose.described import GIB, known

SETTING = Setting(dtype="bfloat16", part="8.0")
BASE = next(m for m in known().models if m.id == "Qwen/Qwen2-VL-7B-Instruct")
QWEN = {
    "model_type": "qwen", "hidden_size": 4096, "num_hidden_layers": 32, "vocab_size": 151936,
    "num_attention_heads": 32, "intermediate_size": 11008,
}  # fmt: skip
INT4 = {"quantization_config": {"quant_method": "gptq", "bits": 4}}
# README of QwenLM/Qwen, "Profiling of Memory and Speed": A100 80GB, batch 1, gradients
# checkpointed, rank 64 on every projection. Tokens, GB of LoRA, GB of Q-LoRA (Int4).
TABLE = [(256, 20.1, 11.5), (512, 20.4, 11.5), (1024, 21.5, 12.3), (2048, 23.8, 13.9),
         (4096, 29.7, 16.9), (8192, 36.6, 23.5)]  # fmt: skip


@pytest.mark.parametrize(
    ("rank", "targets", "count"),
    [(8, "linear", 20_185_088), (8, "qv", 2_523_136), (16, "qv", 5_046_272)],
)
def test_so_many_numbers_are_trained(rank: int, targets: Targets, count: int) -> None:
    """Published: 20 185 088 of 8 311 560 704 for rank 8 of all; q and v are counted by hand."""
    assert training.trained(BASE.shapes, rank, targets) == count
    if targets == "linear":
        assert BASE.shapes.params_total + count == 8_311_560_704


@pytest.mark.parametrize(("tokens", "lora", "qlora"), TABLE)
def test_the_published_table_is_met_within_a_sixth(tokens: int, lora: float, qlora: float) -> None:
    for more, gb in (({}, lora), (INT4, qlora)):
        model = described("Qwen-7B", {**QWEN, **more}, BASE).model
        work = Work(text_tokens=tokens, new_tokens=0)
        need = training.estimate(model, work, SETTING, 64, "linear")
        assert need.total / GIB == pytest.approx(gb, rel=1 / 6)


def test_a_batch_and_a_rank_cost_what_they_add() -> None:
    def total(batch: int, rank: int) -> int:
        work = Work(text_tokens=512, batch=batch)
        return training.estimate(BASE, work, SETTING, rank, "attention").allocated

    assert total(1, 16) - total(1, 8) == 16 * training.trained(BASE.shapes, 8, "attention")
    assert total(4, 8) - total(1, 8) == pytest.approx(3 * (total(2, 8) - total(1, 8)), rel=1e-9)
