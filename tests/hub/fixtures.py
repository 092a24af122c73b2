"""Fixtures for tests that need a hub, a model to serve, or the real client."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub import Hub

MODEL = "Qwen/Tiny-VL"
CLIENT = "modelscope==1.40.2"
HF_CLIENT = "huggingface-hub==2.4.0"
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


def write_model(folder: Path, shard_bytes: int = 700_000) -> Path:
    """Write a folder in the shape of a model: the bytes of its shards mean nothing."""
    folder.mkdir(parents=True)
    weight_map = {f"layer.{i}": shard for i, shard in enumerate(SHARDS)}
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen2_vl"}))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    (folder / "说明 readme.md").write_text("# 模型\n")
    (folder / "assets").mkdir()
    (folder / "assets" / "empty.txt").touch()
    for number, shard in enumerate(SHARDS):
        block = bytes((i * 7 + number) % 251 for i in range(4096))
        (folder / shard).write_bytes((block * (shard_bytes // 4096 + 1))[:shard_bytes])
    return folder


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """A small model of two shards, to be served."""
    return write_model(tmp_path / "served")


@pytest.fixture
def hub(model_folder: Path) -> Iterator[Hub]:
    """A hub that serves `model_folder` as `MODEL`."""
    with Hub({MODEL: model_folder}) as running:
        yield running


@pytest.fixture(scope="session")
def client_python(pytestconfig: pytest.Config) -> Path:
    """The interpreter of an environment with ModelScope's client, kept in pytest's cache."""
    return _client(pytestconfig, CLIENT)


@pytest.fixture(scope="session")
def hf_python(pytestconfig: pytest.Config) -> Path:
    """The interpreter of an environment with Hugging Face's client, kept in pytest's cache."""
    return _client(pytestconfig, HF_CLIENT)


def _client(config: pytest.Config, requirement: str) -> Path:
    from filelock import FileLock
    from uv import find_uv_bin

    assert config.cache is not None
    folder = config.cache.mkdir("clients")
    prefix, ready = folder / requirement, folder / f"{requirement}.ready"
    python = prefix / "bin" / "python"
    with FileLock(folder / "lock"):
        if not (ready.exists() and python.exists()):
            shutil.rmtree(prefix, ignore_errors=True)
            uv = [find_uv_bin(), "--quiet"]
            subprocess.run([*uv, "venv", "--no-project", prefix], check=True)
            made = subprocess.run(
                [*uv, "pip", "install", "--python", python, requirement],
                check=False, capture_output=True, text=True,
            )  # fmt: skip
            if made.returncode:
                pytest.skip(f"{requirement} cannot be installed here: {made.stderr[-300:]}")
            ready.touch()
    return python
