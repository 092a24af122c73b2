"""Quantized models for real: tiny checkpoints in the official layout, loaded and asked."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from uv import find_uv_bin

from setup_assistant.choose.plan import Placement
from setup_assistant.host import paths
from setup_assistant.site.layout import Layout, python_in
from setup_assistant.site.scripts import render_scripts
from setup_assistant.verify.run import verify
from tests.choose.described import known, plan_for
from tests.site import samples
from tests.verify.farm import copy_environment

CANARY = paths.recipes_folder() / "canary" / "model"
MAKE = Path(__file__).with_name("quantize.py")
KINDS = ("nf4", "awq", "gptq-int4", "gptq-int8")
STACK = known().stacks.stack[0]
HEADER = Path(sysconfig.get_path("include"), "Python.h")
PROVED = tuple(q for q in KINDS if q in STACK.proved)


@pytest.fixture(autouse=True)
def kernels(monkeypatch: pytest.MonkeyPatch, shared: Path, tmp_path: Path) -> None:
    """What gptqmodel compiles is compiled once; one thread is quicker on a busy machine.

    Its kernels for the processor take minutes to optimize, which the test model does not need.
    """
    name = "GPTQMODEL_TORCH_EXTENSIONS_DIR"
    monkeypatch.setenv(name, os.environ.get(name, str(shared / "kernels")))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    compiler = shutil.which(os.environ.get("CXX", "c++"))
    if compiler:
        quick = tmp_path / "compiler" / "c++"
        quick.parent.mkdir()
        quick.write_text(f'#!/bin/sh\nexec {shlex.quote(compiler)} "$@" -O0\n')
        quick.chmod(0o755)
        monkeypatch.setenv("CXX", str(quick))


@pytest.fixture(scope="module")
def equipped(built_environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the environment with the packages of every quantization that is proved."""
    if not shutil.which(os.environ.get("CXX", "c++")) or not HEADER.is_file():
        pytest.skip(f"a C++ compiler and {HEADER} are needed to build gptqmodel")
    env = copy_environment(built_environment, tmp_path_factory.mktemp("quantized") / "env")
    packages = {
        f"{name}=={version}"
        for row in known().stacks.quantizer
        if set(row.quantizations) & set(PROVED)
        for name, version in row.packages.items()
    }
    subprocess.run(
        [find_uv_bin(), "pip", "install", "-q", "--python", str(python_in(env)), *sorted(packages)],
        check=True, timeout=900,
    )  # fmt: skip
    return env


def made(env: Path, kind: str, folder: Path) -> Path:
    """Return a model folder in the layout of the official checkpoints; NF4 is made at load."""
    if kind == "nf4":
        return CANARY
    subprocess.run([python_in(env), MAKE, CANARY, folder / kind, kind], check=True, timeout=900)
    return folder / kind


@pytest.mark.e2e
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("kind", PROVED)
def test_each_proved_quantization_loads_whole_and_answers(
    kind: str, equipped: Path, tmp_path: Path
) -> None:
    """No weight missing or dropped; pictures, several of them, and clips, in two languages."""
    base = samples.plan(placement=Placement(device="cpu"))
    model = dataclasses.replace(base.model, id="canary", quantization=kind, dtype="float32")
    plan = dataclasses.replace(base, model=model)
    folder = made(equipped, kind, tmp_path)
    before = {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()}
    found = verify(equipped, model=str(folder), plan=plan)
    failed = [(c.name, c.cause, c.evidence, c.answer) for c in found.checks if c.status != "ok"]
    assert failed == []
    assert {c.kind for c in found.checks} >= {"image", "multi-image", "video"}
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == before


@pytest.mark.e2e
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("kind", ["awq", "nf4"])
def test_the_scripts_load_it_too(kind: str, equipped: Path, tmp_path: Path) -> None:
    base = samples.plan(placement=Placement(device="cpu"))
    model = dataclasses.replace(base.model, id="canary", quantization=kind, dtype="float32")
    plan = dataclasses.replace(base, model=model)
    folder = made(equipped, kind, tmp_path)
    for name, text in render_scripts(plan, Layout(tmp_path), paths.recipes_folder()).items():
        own = text.replace(json.dumps(str(CANARY)), json.dumps(str(folder)))
        (tmp_path / name).write_text(own)
    script = tmp_path / "image.py"
    done = subprocess.run(
        [python_in(equipped), script], capture_output=True, text=True, timeout=900, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["A red circle."], done.stderr[-3000:]


@pytest.mark.e2e
@pytest.mark.timeout(1500)
def test_weights_that_are_dropped_are_an_error(built_environment: Path, tmp_path: Path) -> None:
    """A tensor that has no place in the model: somebody's adapter, or a tower made anew."""
    code = (
        "import sys; from safetensors.torch import load_file, save_file; import torch\n"
        "t = load_file(sys.argv[1]); t['visual.blocks.0.attn.qkv.qweight'] = torch.zeros(4)\n"
        "save_file(t, sys.argv[2], {'format': 'pt'})"
    )
    folder = tmp_path / "model"
    folder.mkdir()
    for path in CANARY.iterdir():
        if path.suffix != ".safetensors":
            (folder / path.name).write_bytes(path.read_bytes())
    subprocess.run(
        [python_in(built_environment), "-c", code, CANARY / "model.safetensors",
         folder / "model.safetensors"], check=True, timeout=900,
    )  # fmt: skip
    found = verify(built_environment, model=str(folder), questions=1)
    assert found.cause == "weights-dropped"


def test_the_automatic_choice_takes_only_what_is_tried_above() -> None:
    taken = {
        plan_for("580.95.05", f"GPU,{part},{mib},{int(mib * 0.98)}", python=python)
        .model.quantization
        for part in ("7.5", "8.0", "8.6", "8.9", "9.0", "12.0")
        for mib in (4096, 6144, 8192, 12288, 16384, 24576, 49152, 81920)
        for python in ("3.10", "3.12")
    }  # fmt: skip
    assert taken <= {"none", *PROVED}
    assert "nf4" in taken
