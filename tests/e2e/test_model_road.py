"""The road of a real model id, from a hub on this machine that serves the canary under it."""

import json
from pathlib import Path

import pytest

from tests.built import ROOT, Place
from tests.hub.server import Hub

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(1800),
]
MODEL = "Qwen/Qwen2-VL-2B-Instruct"


def test_weights_arrive_and_the_model_answers(place: Place, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with Hub({MODEL: ROOT / "recipes" / "canary" / "model"}) as hub:
        arguments = ("up", "--yes", "--model", MODEL, "--site", str(site))
        done = place.json(*arguments, MODELSCOPE_ENDPOINT=hub.url)
        assert done["exit_code"] == 0, done
        again = place.json(*arguments, MODELSCOPE_ENDPOINT=hub.url)
    assert {s["status"] for s in again["data"]["steps"]} == {"already"}
    receipt = json.loads((site / "receipt.json").read_text())
    smoke = [c for c in receipt["checks"] if c["suite"] == "smoke"]
    assert {"image", "multi-image", "video"} <= {c["kind"] for c in smoke}
    assert {c["status"] for c in smoke} == {"ok"}
    assert receipt["memory"]["measured_bytes"] > 0
    assert (site / "models" / "Qwen2-VL-2B-Instruct" / "model.safetensors").exists()
    removed = place.json("uninstall", "--site", str(site), "--yes",
                         SETUP_ASSISTANT_CACHE=str(tmp_path / "none"))  # fmt: skip
    assert removed["exit_code"] == 0
    assert not site.exists()
