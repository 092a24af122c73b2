"""The regression guard: activation terms of the installed transformers against the formula."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from setup_assistant.catalog.architecture import architecture
from setup_assistant.choose.memory import kv_cache, prefill, vision_linear
from setup_assistant.site.layout import python_in
from tests.choose.described import known

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).parents[1] / "bench" / "meta_terms.py"
# Qwen3-VL's tower also holds interpolated positions and outputs of earlier layers.
MODELS = {
    "Qwen/Qwen2-VL-2B-Instruct": 0.02,
    "Qwen/Qwen2-VL-7B-Instruct": 0.02,
    "Qwen/Qwen2.5-VL-3B-Instruct": 0.02,
    "Qwen/Qwen3-VL-4B-Instruct": 0.12,
}


def test_the_formula_still_holds(built_environment: Path) -> None:
    models = {m.id: m for m in known().models if m.id in MODELS}
    pixels = {name: 3 * m.vision.temporal * m.vision.patch**2 for name, m in models.items()}
    request = {
        name: {"architecture": architecture(m), "numbers": pixels[name]}
        for name, m in models.items()
    }
    done = subprocess.run(
        [python_in(built_environment), "-I", SCRIPT],
        input=json.dumps(request), capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    for name, model in models.items():
        # The pixels themselves are inputs: float32, and once more in 16 bits.
        tower = vision_linear(model.shapes, model.vision, 1000, 2) / 1000 - 6 * pixels[name]
        assert found[name]["vision_per_patch"] == pytest.approx(tower, rel=MODELS[name]), name
        prompt = prefill(model.shapes, 1, 2) + kv_cache(model.shapes, 1, 2)
        assert found[name]["prompt_per_token"] == pytest.approx(prompt, rel=0.02), name
