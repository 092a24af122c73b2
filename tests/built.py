"""One real site, built once a session by the real command, shared by the tests that only look."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Place:
    """A home of its own: everything that a run writes must lie in it."""

    home: Path
    cache: Path

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the variables of a run here, without the test's own settings."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "UV_"))}
        env.update(HOME=str(self.home), SETUP_ASSISTANT_CACHE=str(self.cache), NO_COLOR="1")
        env.update(variables)
        return env

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of the assistant."""
        return [sys.executable, "-m", "setup_assistant", *arguments]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the assistant from the checkout, as a person would."""
        return subprocess.run(
            self.command(*arguments), cwd=ROOT, env=self.environment(**variables),
            capture_output=True, text=True, timeout=1500, check=False,
        )  # fmt: skip

    def json(self, *arguments: str, **variables: str) -> dict[str, Any]:
        """Run it with `--json`; standard output must be one envelope and nothing else."""
        done = self.run(*arguments, "--json", **variables)
        try:
            value: dict[str, Any] = json.loads(done.stdout)
        except json.JSONDecodeError:
            pytest.fail(f"no envelope: {done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        assert value["exit_code"] == done.returncode
        return value


@dataclass(frozen=True)
class Built:
    """The shared site and the envelope of the run that built it."""

    place: Place
    site: Path
    envelope: dict[str, Any]

    @property
    def env(self) -> Path:
        """The built environment's prefix."""
        return self.site / "env"


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers of this session share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@pytest.fixture(scope="session")
def built(shared: Path) -> Built:
    """Travel the whole road once: `up --yes --model canary`."""
    place = Place(shared / "home", shared / "package-cache")
    site, record = shared / "site", shared / "up.json"
    with FileLock(shared / "up.lock"):
        if not record.exists():
            place.home.mkdir(exist_ok=True)
            value = place.json("up", "--yes", "--model", "canary", "--site", str(site))
            record.write_text(json.dumps(value))
    return Built(place, site, json.loads(record.read_text()))


@pytest.fixture
def place(built: Built, tmp_path: Path) -> Place:
    """Return a fresh home that shares the package cache, so that a second build is quick."""
    home = tmp_path / "home"
    home.mkdir()
    return Place(home, built.place.cache)
