"""Weights from a bundle are those of a model that loads, and answers from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.bundle import manifest
from setup_assistant.bundle.apply import ready
from setup_assistant.bundle.verify import verify
from setup_assistant.steps.prepare import begin
from setup_assistant.steps.step import Silent
from setup_assistant.steps.weights import WeightsStep
from tests.built import ROOT, Built, Place
from tests.hub.server import Hub

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(900),
]
MODEL = "Qwen/Qwen2-VL-2B-Instruct"


def test_a_model_answers_from_a_bundle(
    built: Built,
    place: Place,
    call: Callable[..., dict[str, Any]],
    stocked: dict[str, str],
    tmp_path: Path,
) -> None:
    bundle, site = tmp_path / "bundle", tmp_path / "site"
    with Hub({MODEL: ROOT / "recipes" / "canary" / "model"}) as hub:
        made = call("bundle", "create", "--to", str(bundle), "--model", MODEL, "--part-size",
                    "700k", MODELSCOPE_ENDPOINT=hub.url)  # fmt: skip
    assert made["exit_code"] == 0, made["errors"]
    machine = tmp_path / "machine.json"
    assert call("probe", "--no-sources", "--save", str(machine))["exit_code"] == 0
    checked = verify([bundle])
    with ready(checked, _machine(machine), str(site), paths_only=False) as prepared:
        context = begin(prepared, Silent())
        WeightsStep().do(context)
        assert WeightsStep().check(context)
    weights = site / "models" / MODEL.rpartition("/")[2]
    wanted = {i.path.rpartition(f"{MODEL}/")[2] for i in manifest.load([bundle]).files
              if i.path.startswith("weights/")}  # fmt: skip
    assert wanted == {p.relative_to(weights).as_posix() for p in weights.rglob("[!.]*")
                      if p.is_file()}  # fmt: skip
    done = place.json("verify", "--env", str(built.env), "--model", str(weights))
    assert done["exit_code"] == 0, done["errors"]
    checks = {c["kind"]: c["status"] for c in done["data"]["checks"] if "kind" in c}
    assert checks
    assert {c["status"] for c in done["data"]["checks"]} == {"ok"}


def _machine(path: Path) -> Any:
    from setup_assistant import frozen_json
    from setup_assistant.machine.facts import Machine

    return frozen_json.load_json(path, Machine)
