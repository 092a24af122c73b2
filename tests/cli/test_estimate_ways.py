"""`estimate` of more than one call: what is said of servers, training and files of llama.cpp."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.choose.described import known

Call = Callable[..., CompletedProcess[str]]
MODEL = ("estimate", "qwen2-vl-7b")


def estimated(done: CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)["data"]


def test_a_server_is_told_its_pool_its_share_and_its_command(assistant: Call) -> None:
    asked = (*MODEL, "--gpu", "A100 80GB", "--serve", "8", "--context", "4096")
    found = estimated(assistant(*asked, "--max-pixels", "1003520", "--json"))
    served = found["serving"]
    assert served["pool_bytes_per_card"] == 8 * 4096 * 56 * 1024
    assert found["terms"]["kv_cache"] == served["pool_bytes_per_card"]
    assert found["rough"] == ["--serve"]
    assert served["most_users"] > 100
    told = assistant(*asked, "--max-pixels", "1003520").stdout
    assert f"--gpu-memory-utilization {served['memory_share']:.2f}" in told
    assert "rough estimate" in told
    two = estimated(assistant(*asked, "--tensor-parallel", "2", "--engine", "sglang", "--json"))
    assert two["serving"]["token_bytes_per_card"] == 28 * 1024
    assert two["serving"]["weights_bytes_per_card"] * 2 == pytest.approx(16_582_751_232, abs=8)


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--serve", "2", "--tensor-parallel", "3"), "28 heads"),
        (("--serve", "2", "--context", "32769"), "32768"),
        (("--context", "4096"), "--serve"),
        (("--whole-tower",), "--serve"),
        (("--serve", "2", "--lora", "8"), "--lora"),
        (("--gguf", "Q4_K_M", "--context", "40000"), "32768"),
        (("--gguf", "Q9"), "Q4_K_M"),
        (("--lora", "8", "--gpu-count", "2"), "one card"),
    ],
)
def test_what_does_not_go_together_is_refused(
    assistant: Call, flags: tuple[str, ...], named: str
) -> None:
    done = assistant(*MODEL, "--compute-capability", "8.0", *flags)
    assert done.returncode == 2
    assert named in done.stderr


def test_training_says_what_is_trained(assistant: Call) -> None:
    asked = ("--lora", "8", "--gpu", "RTX 4090", "--image", "672x672", "--new-tokens", "512")
    found = estimated(assistant(*MODEL, *asked, "--json"))
    assert found["training"]["trained_parameters"] == 20_185_088
    assert found["rough"] == ["--lora"]
    small = estimated(assistant("estimate", "qwen2-vl-7b-nf4", *asked, "--json"))
    assert small["need_bytes"] < found["need_bytes"] - 8e9
    told = assistant(*MODEL, *asked).stdout
    assert "20,185,088 numbers are trained (0.24%" in told
    assert "rough estimate" in told


def test_a_file_of_llama_cpp_is_told_with_its_tower(assistant: Call) -> None:
    asked = (*MODEL, "--gguf", "q4_k_m", "--context", "8192", "--gpu", "GTX 1070")
    found = estimated(assistant(*asked, "--json"))
    assert found["gguf"]["type"] == "Q4_K_M"
    assert found["gguf"]["file_bytes"] / 1e9 == pytest.approx(4.68, abs=0.01)
    assert found["terms"]["kv_cache"] == 8192 * 56 * 1024
    assert found["verdict"]["status"] == "fits"
    told = assistant(*asked).stdout
    assert "in Q4_K_M" in told
    assert "rough estimate" in told
    awq = assistant("estimate", "qwen2-vl-7b-awq", "--gguf", "Q4_K_M", "--gpu", "RTX 4090")
    assert "16-bit checkpoints" in awq.stderr


def test_a_folder_of_qwen3_has_its_familys_timestamps(assistant: Call, tmp_path: Path) -> None:
    from setup_assistant.catalog.architecture import architecture

    model = next(m for m in known().models if m.id == "Qwen/Qwen3-VL-2B-Instruct")
    said = architecture(model)
    (tmp_path / "config.json").write_text(
        json.dumps(
            {
                "model_type": said["model_type"],
                "text_config": said["text"],
                "vision_config": said["vision"],
                **said["top"],
            }
        )
    )
    asked = ("--video", "640x480x30", "--compute-capability", "8.0", "--json")
    folder = estimated(assistant("estimate", str(tmp_path), *asked))
    named = estimated(assistant("estimate", model.id, *asked))
    assert folder["prompt_tokens"] == named["prompt_tokens"]
    assert folder["terms"]["vision"] == named["terms"]["vision"]
    assert named["prompt_tokens"] > named["vision_tokens"][0] + 64 + 2 + 30 * 7


def test_a_server_that_does_not_fit_has_no_command(assistant: Call) -> None:
    told = assistant(*MODEL, "--gpu", "RTX 4090", "--serve", "500", "--context", "32768").stdout
    assert told.startswith("Does not fit")
    assert "vllm serve" not in told
