"""What the smoke test was asked, predicted and measured alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.choose.memory import CONTEXT, Setting, Work, estimate
from setup_assistant.choose.vision_tokens import image_grid
from setup_assistant.choose.wishes import Wishes
from setup_assistant.host import paths
from setup_assistant.report.build import Asked
from setup_assistant.site.layout import Layout
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.smoke_memory import asked
from setup_assistant.steps.step import Context
from setup_assistant.units_text import GIB
from tests.choose.described import described, known, plan_for

MODEL = next(m for m in known().models if m.id == "Qwen/Qwen2-VL-2B-Instruct")
CARD = "RTX 3060,8.6,8192,7900"


@pytest.fixture
def context(tmp_path: Path) -> Context:
    site = Layout(tmp_path / "site")
    return Context(
        machine=described("550.54.15", CARD),
        plan=plan_for("550.54.15", CARD, model=MODEL.id),
        wishes=Wishes(),
        site=site,
        ledger=Ledger(tmp_path / "ledger.jsonl"),
        recipes=paths.recipes_folder(),
    )


def of(context: Context, checks: list[dict[str, Any]]) -> Asked | None:
    return asked(context.plan, context.machine, checks, context.recipes)


def check(device: str = "cuda", **values: Any) -> dict[str, Any]:
    grid = image_grid(640, 480, MODEL.vision)
    said = {
        "prompt_tokens": grid.tokens + 2 + 30, "new_tokens": 12, "reserved_bytes": 4 * GIB,
        "grids": f"1x{grid.height}x{grid.width}",
    }  # fmt: skip
    return {"device": device, "dtype": "bfloat16", "peak_memory_bytes": 3 * GIB,
            "values": {**said, **values}}  # fmt: skip


def test_the_very_same_call_is_predicted(context: Context) -> None:
    found = of(context, [check(), {"peak_memory_bytes": 9 * GIB}])
    work = Work(grids=(image_grid(640, 480, MODEL.vision),), text_tokens=30, new_tokens=12)
    here = Setting(
        dtype="bfloat16", part="8.6", transformers=context.plan.transformers.version,
        torch=context.plan.torch.version,
    )  # fmt: skip
    assert found is not None
    assert found.predicted_bytes == estimate(MODEL, work, here).total
    assert found.measured_bytes == 4 * GIB + CONTEXT


def test_a_cpu_says_what_the_process_had(context: Context) -> None:
    found = of(context, [check("cpu", reserved_bytes=None)])
    assert found is not None
    assert found.measured_bytes == 3 * GIB


def test_what_says_nothing_of_its_input_is_left_out(context: Context) -> None:
    assert of(context, [{"peak_memory_bytes": GIB, "device": "cpu", "values": {}}]) is None
    plan = replace(context.plan, model=replace(context.plan.model, id="Qwen/Nobody"))
    assert of(replace(context, plan=plan), [check()]) is None
