"""Rooms of SSH hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.fleet import engine
from tests.fleet.rig import Lab, why_not

ROOT = Path(__file__).parents[2]
Fleet = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def _rig() -> None:
    """Skip, with the reason, where no hosts can be made."""
    reason = why_not() or ("" if engine.available() else "Ansible is not installed: .[fleet]")
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def agent_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for the session, so that the agent is built once."""
    return tmp_path_factory.mktemp("fleet-cache")


@pytest.fixture(scope="session")
def lab(_rig: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Ten hosts, switched on by the test that wants them."""
    room = Lab(tmp_path_factory.mktemp("lab"), [f"pc{i:02}" for i in range(10)])
    try:
        yield room
    finally:
        room.close()


@pytest.fixture
def command(agent_cache: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the real command line on the control machine."""

    def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        env = {**os.environ, "SETUP_ASSISTANT_CACHE": str(agent_cache), "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, "-m", "setup_assistant.cli.app", "fleet", *arguments],
            env={**env, **variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    return start


@pytest.fixture
def fleet(command: Callable[..., subprocess.Popen[str]]) -> Fleet:
    """Run a verb of the fleet with `--json`; return its envelope, hosts by name beside it."""

    def call(*arguments: str, **variables: str) -> dict[str, Any]:
        out, err = command(*arguments, "--json", **variables).communicate(timeout=900)
        try:
            value: dict[str, Any] = json.loads(out)
        except ValueError:
            pytest.fail(f"no envelope: {out[-2000:]}\n{err[-4000:]}")
        value["by_name"] = {h["name"]: h for h in value["data"].get("hosts", ())}
        return value

    return call
