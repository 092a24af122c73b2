"""Quantized shapes: the stand-ins weigh what the recipes say the checkpoints weigh."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from setup_assistant.catalog.architecture import architecture
from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.memory import Setting
from setup_assistant.host.prefix import python_in
from setup_assistant.verify.rehearse import BITS, Place, rehearse
from tests.verify.test_rehearse import small

QUANTIZED = [m for m in load_all().models if m.quantization != "none"]
SCRIPT = """
import json, sys
sys.path.insert(0, sys.argv[1])
import torch
import transformers
from inside.dummies import configuration
from inside.packed_layers import pack
out = {}
for name, (architecture, bits, kind) in json.loads(sys.stdin.read()).items():
    config = configuration(architecture)
    with torch.device("meta"):
        made = getattr(transformers, architecture["class"])
        model = made._from_config(config, dtype=torch.float16)
    pack(model, bits, nested=kind == "nf4")
    out[name] = sum(t.nbytes for t in {*model.parameters(), *model.buffers()})
    out[name] -= sum(b.nbytes for n, b in model.named_buffers() if "inv_freq" in n)
print(json.dumps(out))
"""


@pytest.mark.e2e
def test_every_quantized_shape_weighs_what_its_recipe_says(built_environment: Path) -> None:
    inside = Path(__file__).parents[2] / "setup_assistant" / "verify"
    request = {m.id: (architecture(m), BITS[m.quantization], m.quantization) for m in QUANTIZED}
    done = subprocess.run(
        [python_in(built_environment), "-I", "-c", SCRIPT, inside],
        input=json.dumps(request), capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {m.id: m.weights_bytes for m in QUANTIZED}


@pytest.mark.e2e
@pytest.mark.timeout(1500)
def test_a_quantized_shape_runs_in_the_memory_predicted(built_environment: Path) -> None:
    model = next(m for m in QUANTIZED if m.id == "Qwen/Qwen2-VL-2B-Instruct-AWQ")
    found = rehearse(
        model,
        small()[:1],
        Setting(dtype="bfloat16", part=None),
        Place(env=built_environment, device="cpu"),
    )
    assert found.status == "ok", found.evidence
    assert found.quantization == "awq"
    assert found.difference is not None
    assert abs(found.difference) < 0.10
