"""`recipes check`: the recipes pass, and each thing that can be wrong with a row is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from setup_assistant.maintain.check import check

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("name", "old", "new", "key"),
    [
        ("torch.toml", 'torch = "2.14.1"', 'torch = "2.16.0"', "release.torch[1]"),
        ("torch.toml", 'torchvision = "0.28.0"', 'torchvision = "0.30.0"', "torchvision"),
        ("torch.toml", 'python = ["3.11", "3.15"]', 'python = ["3.15", "3.11"]', "(2.15.0).python"),
        ("torch.toml", 'date = "2026-11-22"', 'date = "22.11.2026"', "date"),
        ("torch.toml", 'linux = "580"', 'linux = "520"', "floor.linux"),
        ("torch.toml", 'cu132", aarch64 = "cu132"', 'cu132", aarch64 = "cu130"', "pypi.aarch64"),
        ("torch.toml", '["8.0", "9.0"]', '["9.0", "8.0"]', "kernels.arm-ampere-hopper"),
        ("torch.toml", "cuda = 13\n", "cuda = 14\n", "builds(cu130)"),
        ("torch.toml", "branch = 390", "branch = 490", "last_branch.branch"),
        ("torch.toml", "cuda = 13", 'cuda = "13"', "floor"),
        ("torch.toml", 'x86_64 = "turing-blackwell"', 'x86_64 = "nobody"', ""),
        ("stacks.toml", 'accelerate = "1.15.0"', 'accelerate = "newest"', "accelerate"),
        ("stacks.toml", 'transformers = "4.57.6"', 'transformers = "5.99.0"', "stack.transformers"),
        ("stacks.toml", 'source = "torch 2.2 and older were built against NumPy 1"', 'source = " "',
         "source"),
        ("drivers.toml", 'cuda = "12.6"', 'cuda = "13.6"', "branch.cuda"),
        ("drivers.toml", "branch = 535", "branch = 555", "branch.branch"),
        ("gpus.toml", '"Tesla P40" = 24', '"Tesla P40" = 24\n"Tesla K80" = 9', "compute_cap"),
        ("gpus.toml", '"12.1"]', '"sm_121"]', "sm_121"),
        ("gpus.toml", 'last = "25FF"', 'last = "27FF"', "chip"),
        ("mirrors.toml", "https://pypi.org/simple", "pypi.org/simple", "(packages/pypi).url"),
        ("mirrors.toml", "/whl/{build}", "/whl/cu126", ".url"),
        ("mirrors.toml", "https://pypi.org/simple/numpy", "pypi.org/numpy", "pypi).sample"),
        ("models/qwen2-vl.toml", "kv_heads = 2", "kv_heads = 5", "Qwen/Qwen2-VL-2B-Instruct"),
        ("smoke.toml", "[limits]", "[limit]", ""),
        ("checks.toml", '"no-kernel", "wrong-kernel"', '"no-kernels", "wrong-kernel"', "raised"),
        ("checks.toml", "'no kernel image is available'", "'no kernel (image'", "raised[2]"),
        ("cuda_results.toml", 'cause = "mps-full"', 'cause = "mps-empty"', "result(808)"),
        ("cuda_results.toml", "number = 701", "number = 700", "result"),
    ],
)  # fmt: skip
def test_a_fault_names_file_and_key(
    tmp_path: Path, name: str, old: str, new: str, key: str
) -> None:
    folder = tmp_path / "recipes"
    # Without the causes, which take longest and have a test of their own.
    shutil.copytree(ROOT / "recipes", folder, ignore=shutil.ignore_patterns("canary", "causes"))
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    faults = check(folder).faults
    assert any(f.file == name.split("/", maxsplit=1)[0] and key in f.key for f in faults), faults


# Edits of rows, and what is said of each; the two that change one id go into copies of their own.
SPOILED = (
    (
        ('example = "modprobe: ERROR: could not insert \'nvidia\': Key was', 'example = "Ke was',
         "not matched"),
        ('example = "Required key not available"', 'example = ""', "no example"),
        ('id = "module-off"', 'id = "secure-boot"', "twice"),
        ('need = "reboot"', 'need = "sleep"', "no need"),
        ("{file}", "{path}", "other places"),
        ('symptom_of = ["', 'symptom_of = ["nobody", "', "no cause"),
        ('source = "reproduced in tests/doctor"', 'source = ""', "empty"),
        ('date = "2026-11-29"', 'date = "yesterday"', "no date"),
    ),
    (
        ('{ pattern = "Required key not available", example = "Required key not available" }',
         '{ pattern = "Insufficient Permissions", example = "Insufficient Permissions" }',
         "catches it first"),
        ('id = "module-off"', 'id = "module-gone"', "leads to it"),
    ),
    (('pattern = "Required key not available"', 'pattern = "(Required"', "missing )"),),
)  # fmt: skip


@pytest.mark.parametrize("edits", SPOILED)
def test_a_cause_is_refused(tmp_path: Path, edits: tuple[tuple[str, str, str], ...]) -> None:
    folder = tmp_path / "recipes"
    shutil.copytree(ROOT / "recipes", folder, ignore=shutil.ignore_patterns("canary"))
    path = folder / "causes/driver.toml"
    # A thousand rows against a thousand examples take longest: one file of them does.
    for other in path.parent.glob("*.toml"):
        if other != path:
            other.write_text("cause = []\n", encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    for old, new, _what in edits:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    faults = check(folder).faults
    for _old, _new, what in edits:
        assert any(what in f.what for f in faults), (what, faults)


def test_the_recipes_pass(tmp_path: Path, assistant: Callable[..., CompletedProcess[str]]) -> None:
    done = assistant("recipes", "check", "--json")
    checked = json.loads(done.stdout)["data"]
    assert checked["faults"] == []
    assert done.returncode == 0
    assert checked["rows"] > 100
    assert "torch.toml" in checked["files"]
    wrong = assistant("recipes", "check", "--folder", str(tmp_path), "--json")
    envelope = json.loads(wrong.stdout)
    assert wrong.returncode == envelope["exit_code"] == 1
    assert {e["code"] for e in envelope["errors"]} == {"recipe_invalid"}
    assert "torch.toml" in envelope["errors"][0]["message"]
