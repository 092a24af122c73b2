"""`plan` and `estimate` as they are typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

Call = Callable[..., "CompletedProcess[str]"]
GPU = "NVIDIA GeForce RTX 4090,8.9,24564,23900"


def data(done: CompletedProcess[str]) -> Any:
    envelope = json.loads(done.stdout)
    assert envelope["schema"] == "setup-assistant/1"
    assert envelope["exit_code"] == done.returncode
    return envelope


def test_what_if(assistant: Call) -> None:
    done = assistant("plan", "--driver", "535.104.05", "--gpu", GPU, "--json")
    plan = data(done)["data"]
    assert done.returncode == 0, done.stderr
    assert (plan["torch"]["version"], plan["torch"]["build"]) == ("2.14.1", "cu126")
    assert plan["model"]["id"] == "Qwen/Qwen2-VL-7B-Instruct"


def test_a_name_is_enough(assistant: Call) -> None:
    plan = data(
        assistant("plan", "--driver", "580.65.06", "--gpu", "NVIDIA GeForce RTX 4090", "--json")
    )["data"]
    assert plan["model"]["id"] == "Qwen/Qwen2-VL-7B-Instruct"
    assert plan["torch"]["build"] == "cu130"


@pytest.mark.parametrize(
    "spec",
    ["RTX 4090,8.9,100,200", "Nobody's GPU", "X,89", "X,8.9,many", ",8.9", "X,8.9,1,1,1"],
)
def test_a_wrong_gpu_is_wrong_use(assistant: Call, spec: str) -> None:
    done = assistant("plan", "--driver", "580.65.06", "--gpu", spec, "--json")
    envelope = data(done)
    assert done.returncode == 2
    assert envelope["errors"][0]["code"] == "usage"
    assert "--gpu" in envelope["errors"][0]["message"]


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--driver", "newest"),
        ("--driver", ""),
        ("--driver", "5800"),
        ("--ram", "nan"),
        ("--ram", "-1"),
        ("--python", "3"),
        ("--glibc", "new"),
        ("--system", "Plan9"),
        ("--gpu", "RTX 4090,8.9,inf,1"),
        ("--gpu", "RTX 6000"),
    ],
)
def test_a_wrong_value_names_its_flag(assistant: Call, flag: str, value: str) -> None:
    done = assistant("plan", "--driver", "580.65.06", "--gpu", GPU, flag, value, "--json")
    envelope = data(done)
    assert done.returncode == 2
    assert envelope["errors"][0]["code"] == "usage"
    assert flag in envelope["errors"][0]["message"]


def test_names_and_versions_as_people_say_them(assistant: Call) -> None:
    done = assistant("plan", "--driver", "31.0.15.3713", "--gpu", "RTX 3060,,12288,", "--system",
                     "windows", "--arch", "AMD64", "--json")  # fmt: skip
    assert data(done)["data"]["torch"]["build"] == "cu126"
    other = assistant("plan", "--gpu", "AMD Radeon RX 7900 XTX", "--ram", "64", "--json")
    assert data(other)["data"]["torch"]["build"] == "cpu"


def test_a_slice_is_sized_by_its_profile() -> None:
    from setup_assistant.cli.plan.what_if import machine_of

    about = {"system": "Linux", "arch": "x86_64", "python": None, "ram_gib": 64, "glibc": None}
    names = ["NVIDIA H100 80GB HBM3 MIG 1g.10gb", "A100-SXM4-80GB MIG 3g.40gb", "A100"]
    gpus = machine_of(driver="580.65.06", specs=names, **about).gpus  # type: ignore[arg-type]
    assert [g.mig for g in gpus] == ["1g.10gb", "3g.40gb", None]
    assert [g.memory_total_bytes for g in gpus] == [10 << 30, 40 << 30, None]
    assert not any(g.unified_memory for g in gpus)
    about["arch"] = None
    for name, arch in {
        "Jetson Orin Nano": "aarch64",
        "DGX Spark": "aarch64",
        "A100": "x86_64",
    }.items():
        described = machine_of(driver="580.65.06", specs=[name], **about)  # type: ignore[arg-type]
        assert (described.system.arch, described.gpus[0].name) == (arch, name)


def test_a_machine_that_cannot_ends_with_4_and_a_remedy(assistant: Call) -> None:
    done = assistant("plan", "--driver", "540.4.0", "--gpu", "Orin,8.7,30697,28000", "--arch",
                     "aarch64", "--json")  # fmt: skip
    assert done.returncode == 4
    assert "JetPack" in data(done)["errors"][0]["hint"]


def test_a_saved_machine_gives_the_same_plan(assistant: Call, tmp_path: Path) -> None:
    from dataclasses import asdict

    from tests.choose.described import described, plan_for

    path = tmp_path / "machine.json"
    path.write_text(json.dumps(asdict(described("535.104.05", GPU))))
    saved = tmp_path / "plan.json"
    done = assistant("plan", "--machine", str(path), "--save", str(saved), "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(saved.read_text()) == data(done)["data"]
    assert data(done)["data"]["torch"]["build"] == plan_for("535.104.05", GPU).torch.build
    envelope = tmp_path / "envelope.json"
    envelope.write_text(json.dumps({"data": json.loads(path.read_text())}))
    again = assistant("plan", "--machine", str(envelope), "--json")
    assert data(again)["data"]["torch"] == data(done)["data"]["torch"]
    other = assistant("plan", "--machine", str(saved), "--json")
    assert data(other)["errors"][0]["code"] == "file_invalid"
    both = assistant("plan", "--machine", str(path), "--gpu", GPU, "--json")
    assert both.returncode == 2
    missing = assistant("plan", "--machine", str(tmp_path / "no.json"))
    assert missing.returncode == 2


def test_a_capture_without_its_driver_is_planned_with_one(assistant: Call, tmp_path: Path) -> None:
    """What the refusal advises works: the driver that the capture lacks is named."""
    capture, machine = tmp_path / "list.txt", tmp_path / "machine.json"
    capture.write_text("GPU 0: NVIDIA L40S (UUID: GPU-00000000-0000-0000-0000-000000000000)\n")
    assistant("probe", "--from", str(capture), "--save", str(machine))
    done = assistant("plan", "--machine", str(machine), "--json")
    assert data(done)["errors"][0]["code"] == "driver_unknown"
    done = assistant("plan", "--machine", str(machine), "--driver", "570.133.20", "--json")
    assert data(done)["data"]["torch"]["build"] == "cu126"


def test_a_driver_without_any_card_is_told(assistant: Call, tmp_path: Path) -> None:
    capture, machine = tmp_path / "banner.txt", tmp_path / "machine.json"
    banner = "| NVIDIA-SMI 575.57.08   Driver Version: 575.57.08   CUDA Version: 12.9 |\n"
    capture.write_text(banner)
    done = assistant("probe", "--from", str(capture), "--save", str(machine), "--json")
    assert "gpus" in {u["field"] for u in data(done)["data"]["unknown"]}
    done = assistant("plan", "--machine", str(machine), "--json")
    assert "no GPU is described" in json.dumps(data(done)["data"]["warnings"])


def test_the_text_says_what_and_why(assistant: Call) -> None:
    done = assistant("plan", "--driver", "535.104.05", "--gpu", GPU)
    for word in ("2.14.1", "cu126", "Qwen2-VL-7B", "Why", "minor-version"):
        assert word in done.stdout


def test_wishes_are_flags(assistant: Call) -> None:
    done = assistant("plan", "--driver", "535.104.05", "--gpu", GPU, "--gpus", "none", "--ram",
                     "32", "--strict-cuda", "--model", "canary", "--json")  # fmt: skip
    plan = data(done)["data"]
    assert plan["placement"]["device"] == "cpu"
    assert plan["model"]["id"] == "canary"


def test_estimate(assistant: Call) -> None:
    done = assistant("estimate", "Qwen/Qwen2-VL-7B-Instruct", "--image", "2044x1372",
                     "--transformers", "4.57.6", "--json")  # fmt: skip
    found = data(done)["data"]
    assert 17.2e9 < found["need_bytes"] / 1.0737 < 18.2e9
    assert set(found["terms"]) == {
        "weights", "vision", "prefill", "logits", "kv_cache", "slack", "context"
    }  # fmt: skip
    assert found["vision_tokens"] == [3577]


def test_estimate_counts_videos_and_caps(assistant: Call) -> None:
    free = data(assistant("estimate", "Qwen2-VL-2B-Instruct", "--video", "1280x720x10", "--json"))
    tight = data(assistant("estimate", "Qwen2-VL-2B-Instruct", "--video", "1280x720x10",
                           "--max-pixels", "151200", "--fps", "1", "--json"))  # fmt: skip
    assert free["data"]["need_bytes"] > tight["data"]["need_bytes"]
    assert tight["data"]["vision_tokens"][0] <= 5 * 193


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("Nobody/Model",), "model_unknown"),
        (("Qwen2-VL-2B-Instruct", "--image", "20000x50"), "picture_refused"),
        (("Qwen2-VL-2B-Instruct", "--image", "big"), "usage"),
        (("Qwen2-VL-2B-Instruct", "--video", "10x10"), "usage"),
        (("Qwen2-VL-2B-Instruct", "--compute-capability", "86"), "usage"),
    ],
)
def test_wrong_estimates(assistant: Call, arguments: tuple[str, ...], code: str) -> None:
    done = assistant("estimate", *arguments, "--json")
    assert data(done)["errors"][0]["code"] == code
    assert done.returncode == 2


def estimated(done: CompletedProcess[str]) -> Any:
    return data(done)["data"]


def test_the_verdict_comes_first(assistant: Call) -> None:
    model = ("estimate", "qwen2-vl-7b")
    fits = assistant(*model, "--gpu", "RTX 4090", "--image", "2044x1372")
    assert fits.stdout.startswith("Fits on RTX 4090: ")
    assert "are kept free" in fits.stdout
    capped = estimated(assistant(*model, "--gpu", "L4", *["--image", "4000x3000"] * 2, "--json"))
    assert capped["verdict"]["status"] == "cap"
    cap = str(capped["verdict"]["max_pixels"])
    again = estimated(assistant(*model, "--gpu", "L4", *["--image", "4000x3000"] * 2,
                           "--max-pixels", cap, "--json"))  # fmt: skip
    assert again["verdict"]["status"] == "fits"
    none = assistant(*model, "--gpu", "RTX 3060 12GB")
    assert "These would: Qwen/Qwen2-VL-7B-Instruct-NF4" in none.stdout


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--gpu", "3060"), "several sizes"),
        (("--gpu", "Voodoo 2"), "Voodoo 2"),
        (("--gpu", "GPU-00000000-0000"), "GPU-00000000-0000"),
        (("--compute-capability", "7.5", "--attention", "flash_attention_2"), "FlashAttention 2"),
        (("--gpu", "T4", "--attention", "flash_attention_2"), "FlashAttention 2"),
        (("--gpu", "T4", "--vision-attention", "flash_attention_2"), "FlashAttention 2"),
        (("--gpu", "L4", "--attention", "flash_attention_2", "--dtype", "float32"), "float32"),
        (("--gpu", "P40", "--serve", "2"), "7.0"),
    ],
)
def test_what_no_card_and_no_kernel_does_is_refused(
    assistant: Call, flags: tuple[str, ...], named: str
) -> None:
    done = assistant("estimate", "qwen2-vl-2b", *flags)
    assert done.returncode == 2
    assert named in done.stderr
    quantized = assistant("estimate", "qwen2-vl-2b-awq", "--dtype", "float32",
                          "--compute-capability", "8.6")  # fmt: skip
    assert quantized.returncode == 2
    assert "float32" in quantized.stderr


def test_batches_beams_and_frames_are_counted(assistant: Call) -> None:
    base = ("estimate", "qwen2-vl-2b", "--compute-capability", "8.6", "--image", "640x480")
    one = estimated(assistant(*base, "--json"))
    for flag in ("--batch", "--beams"):
        four = estimated(assistant(*base, flag, "4", "--json"))
        assert four["terms"]["kv_cache"] == 4 * one["terms"]["kv_cache"]
        assert four["terms"]["weights"] == one["terms"]["weights"]
        assert four["rough"] == [flag]
    assert one["rough"] == []
    film = estimated(assistant("estimate", "qwen2-vl-2b", "--compute-capability", "8.6", "--video",
                          "640x480x60", "--frames", "16", "--json"))  # fmt: skip
    assert film["patches"] % 8 == 0


def test_eager_is_told_twice_the_need_and_the_reading(assistant: Call) -> None:
    """Published: 43.07 GiB seen for a call that needs 36.86 GiB, of 14 308 patches."""
    found = estimated(assistant("estimate", "qwen2-vl-2b", "--compute-capability", "8.0", "--image",
                           "2044x1372", "--attention", "eager", "--transformers", "4.50.3",
                           "--json"))  # fmt: skip
    assert found["shown_bytes"] - found["need_bytes"] == 2 * 16 * 14308**2


def test_tower_and_language_model_attend_each_in_its_way(assistant: Call) -> None:
    asked = ("estimate", "qwen2-vl-2b", "--compute-capability", "8.0", "--image", "1280x720",
             "--json")  # fmt: skip
    both, tower, text, none = (
        estimated(assistant(*asked, *flags))["terms"]
        for flags in (
            ("--attention", "eager"),
            ("--vision-attention", "eager"),
            ("--attention", "eager", "--vision-attention", "sdpa"),
            (),
        )
    )
    assert tower["vision"] == both["vision"] > none["vision"] == text["vision"]
    assert text["prefill"] == both["prefill"] > none["prefill"] == tower["prefill"]


def test_a_folder_is_estimated_by_its_own_configuration(assistant: Call, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    file = tmp_path / "mine" / "config.json"
    file.write_text('{"model_type": "llama", "hidden_size": "wide"}')
    done = assistant("estimate", str(tmp_path / "mine"), "--compute-capability", "8.6")
    assert done.returncode != 0
    assert "hidden_size" in done.stderr
    assert str(file) in done.stderr
    file.write_text(
        '{"model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 16, '
        '"num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 8192, '
        '"vocab_size": 128256, "tie_word_embeddings": true}'
    )
    found = estimated(assistant("estimate", str(file), "--compute-capability", "8.6", "--json"))
    assert found["terms"]["weights"] == pytest.approx(2 * 1.2358e9, rel=0.01)
    assert found["rough"] == ["config.json"]
