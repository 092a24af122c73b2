from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant.host import paths
from tests.verify.farm import copy_environment


@pytest.fixture(scope="session")
def target(built_environment: Path) -> Path:
    """An environment with torch, transformers, qwen-vl-utils and a decoder."""
    return built_environment


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    cache = tmp_path / "cache"
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(cache))
    for name in ("LD_LIBRARY_PATH", "LD_PRELOAD", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    return cache


@pytest.fixture
def env(target: Path, tmp_path: Path) -> Path:
    """A copy of the environment that may be broken."""
    return copy_environment(target, tmp_path / "env")


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    """A copy of the recipes that may be damaged."""
    folder = tmp_path / "recipes"
    shutil.copytree(paths.recipes_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def fake_env(tmp_path: Path) -> Callable[[str], Path]:
    """Make an environment whose interpreter is a shell script."""

    def make(script: str) -> Path:
        python = tmp_path / "fake" / "bin" / "python"
        python.parent.mkdir(parents=True)
        # The request is read first: an unread pipe is another story.
        drain = "" if "cat >" in script else "cat >/dev/null\n"
        python.write_text(f"#!/bin/sh\n{drain}{script}\n", encoding="utf-8")
        python.chmod(0o755)
        return tmp_path / "fake"

    return make
