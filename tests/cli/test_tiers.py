"""The tiers as they are typed: `plan --driver … --gpu …`, and `estimate` of what it chose."""

from __future__ import annotations

import json
from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import pytest

Call = Callable[..., "CompletedProcess[str]"]
A100 = "NVIDIA A100-SXM4-80GB,8.0,81920,81000"


def data(assistant: Call, *arguments: str) -> Any:
    done = assistant(*arguments, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["data"]


@pytest.mark.parametrize(
    ("gpus", "model", "dtype"),
    [
        (("GTX 1660 SUPER,7.5,6144,5850",), "2B-Instruct-NF4", "float16"),
        (("RTX 3060,8.6,12288,9216",), "2B-Instruct", "bfloat16"),
        (("Tesla T4,7.5,15360,14900",), "7B-Instruct-NF4", "float16"),
        ((A100, A100), "72B-Instruct", "bfloat16"),
    ],
)
def test_a_tier_gets_its_model(
    assistant: Call, gpus: tuple[str, ...], model: str, dtype: str
) -> None:
    flags = [part for gpu in gpus for part in ("--gpu", gpu)]
    plan = data(assistant, "plan", "--driver", "550.54.15", *flags)
    assert plan["model"]["id"] == f"Qwen/Qwen2-VL-{model}"
    assert plan["model"]["dtype"] == dtype
    assert len(plan["placement"]["max_memory_bytes"]) == (len(gpus) if len(gpus) > 1 else 0)


def test_the_planned_cap_really_fits(assistant: Call) -> None:
    gpu = ("--driver", "550.54.15", "--gpu", "RTX 3090,8.6,24576,24200")
    plan = data(assistant, "plan", *gpu)
    model, versions = plan["model"], (plan["transformers"]["version"], plan["torch"]["version"])
    picture = ("--image", "4000x3000", "--image", "4000x3000")
    need = data(
        assistant, "estimate", model["id"], *picture, "--max-pixels", str(model["max_pixels"]),
        "--transformers", versions[0], "--torch", versions[1], "--compute-capability", "8.6",
    )  # fmt: skip
    assert 0.9 * model["budget_bytes"] < need["need_bytes"] <= model["budget_bytes"]
    assert need["allocated_bytes"] < need["need_bytes"]


def test_a_prompt_that_is_longer_than_the_model_says_so(assistant: Call) -> None:
    video = ("estimate", "Qwen2-VL-7B-Instruct", "--video", "640x360x1000")
    long = data(assistant, *video)
    assert long["positions"] == 32_768 < long["prompt_tokens"]
    assert not long["within_positions"]
    assert "32768 positions" in assistant(*video).stdout
    assert data(assistant, *video, "--fps", "0.2")["within_positions"]
