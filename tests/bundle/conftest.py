"""A small index: wheels with the planned names and versions, and nothing in them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import forked

ROOT = Path(__file__).parents[2]
# No network at all, but for root only.
OFFLINE = ("unshare", "--net") if os.geteuid() == 0 and shutil.which("unshare") else ()
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


def agent_of(bundle: Path, python: str) -> tuple[str, ...]:
    """Return the command of the agent in a bundle, for a Python without packages of its own."""
    return (python, "-S", str(next((bundle / "agent").glob("*.pyz"))))


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Variables of a machine whose only packages lie in the small index."""
    index, home = tmp_path / "index", tmp_path / "home"
    index.mkdir()
    home.mkdir(exist_ok=True)
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
    """Run the real command line with `--json`.

    `before` goes in front of it; `program` stands for the one of this checkout.
    """
    own = (sys.executable, "-m", "setup_assistant.cli.app")

    def run(
        *arguments: str,
        before: tuple[str, ...] = (),
        program: tuple[str, ...] = own,
        **extra: str,
    ) -> dict[str, Any]:
        env = {**variables, **extra}
        if program != own:
            del env["PYTHONPATH"]
        elif not before:
            return envelope(forked.run(*arguments, "--json", env=env, cwd=tmp_path))
        done = subprocess.run(
            [*before, *program, *arguments, "--json"],
            env=env, capture_output=True, text=True, timeout=900, check=False,
            cwd=tmp_path,
        )  # fmt: skip
        return envelope(done)

    return run


def envelope(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what a command with `--json` has printed."""
    try:
        value: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        pytest.fail(f"no envelope: {done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return value


@pytest.fixture
def stocked(call: Call, tmp_path: Path) -> dict[str, str]:
    """Fill the index with what is planned here; return the planned versions by name."""
    return stock(tmp_path / "index", call("plan", "--model", "canary")["data"])


def stock(index: Path, plan: dict[str, Any]) -> dict[str, str]:
    """Put the wheels of a plan into an index; return the planned versions by name."""
    named = [
        plan[k] for k in
        ("torchvision", "transformers", "accelerate", "qwen_vl_utils", "modelscope")
    ] + plan["extra_packages"]  # fmt: skip
    versions = {p["name"]: p["version"] for p in named}
    versions["torch"] = plan["torch"]["version"]
    versions[plan["decoder"]["package"]] = plan["decoder"]["version"]
    for name, version in {**versions, "pip": "25.0"}.items():
        wheel(index, name, version)
        if plan["torch"]["compatibility"] != "default-build" and name in {"torch", "torchvision"}:
            wheel(index, name, f"{version}+{plan['torch']['build']}")
    return versions
