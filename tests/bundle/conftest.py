"""A small index: wheels with the planned names and versions, and nothing in them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
Call = Callable[..., dict[str, Any]]


def wheel(folder: Path, name: str, version: str, tag: str = "py3-none-any") -> Path:
    """Write a wheel that uv installs: one empty module and its metadata (PEP 427)."""
    plain = name.replace("-", "_")
    info = f"{plain}-{version}.dist-info"
    files = {
        f"{plain}/__init__.py": f"__version__ = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    lines = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        lines.append(f"{path},sha256={digest.decode()},{len(text.encode())}")
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    target = folder / f"{plain}-{version}-{tag}.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), text)
    return target


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Variables of a machine whose only packages lie in the small index."""
    index, home = tmp_path / "index", tmp_path / "home"
    index.mkdir()
    home.mkdir()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_"))}
    return env | {
        "HOME": str(home),
        "SETUP_ASSISTANT_CACHE": str(tmp_path / "own-cache"),
        "PIP_CONFIG_FILE": os.devnull,
        "UV_FIND_LINKS": str(index),
        "UV_NO_INDEX": "1",
        "UV_NO_CONFIG": "1",
        "PYTHONPATH": str(ROOT),
    }


@pytest.fixture
def call(variables: dict[str, str], tmp_path: Path) -> Call:
    """Run the real command line with `--json`; `before` goes in front of it."""

    def run(*arguments: str, before: tuple[str, ...] = (), **extra: str) -> dict[str, Any]:
        done = subprocess.run(
            [*before, sys.executable, "-m", "setup_assistant.cli.app", *arguments, "--json"],
            env={**variables, **extra}, capture_output=True, text=True, timeout=300, check=False,
            cwd=tmp_path,
        )  # fmt: skip
        try:
            value: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            pytest.fail(f"no envelope: {done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return value

    return run


@pytest.fixture
def stocked(call: Call, tmp_path: Path) -> dict[str, str]:
    """Fill the index with what is planned here; return the planned versions by name."""
    plan = call("plan", "--model", "canary")["data"]
    named = [
        plan[k] for k in
        ("torchvision", "transformers", "accelerate", "qwen_vl_utils", "modelscope")
    ] + plan["extra_packages"]  # fmt: skip
    versions = {p["name"]: p["version"] for p in named}
    versions["torch"] = plan["torch"]["version"]
    versions[plan["decoder"]["package"]] = plan["decoder"]["version"]
    for name, version in {**versions, "pip": "25.0"}.items():
        wheel(tmp_path / "index", name, version)
        if plan["torch"]["compatibility"] != "default-build" and name in {"torch", "torchvision"}:
            wheel(tmp_path / "index", name, f"{version}+{plan['torch']['build']}")
    return versions
