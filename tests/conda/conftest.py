"""One channel a session, shared by all workers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.step import Silent
from tests.conda.channel import MINOR, make_channel

SPECS = f"""\
name: small
channels:
  - conda-forge
dependencies:
  - python={MINOR}
  - pip
  - pip:
      - packaging
variables:
  PYTHONNOUSERSITE: "1"
  PYTHONPATH: ""
"""


@pytest.fixture(scope="session")
def channel(shared: Path) -> Path:
    """Return the folder of a real channel `conda-forge`."""
    folder = shared / "channels"
    with FileLock(shared / "channels.lock"):
        if not (folder / "conda-forge" / "noarch" / "repodata.json").exists():
            make_channel(folder)
    return folder / "conda-forge"


@pytest.fixture
def home(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home, and no trace of a conda or of a GPU in the variables.

    The cache is one for all, so that the packages are unpacked once.
    """
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(shared / "channel-cache"))
    folder = tmp_path / "家 home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("CONDA_EXE", "CONDA_PREFIX", "MAMBA_ROOT_PREFIX", "CONDARC", "CONDA_ENVS_DIRS"):
        monkeypatch.delenv(name, raising=False)
    # An empty override is conda's way to say that there is none.
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "")
    return folder


@pytest.fixture
def job(tmp_path: Path, channel: Path, home: Path) -> Callable[..., Job]:
    """Return a maker of jobs: an environment.yml of ours, from the channel."""

    def make(prefix: Path, *, text: str = SPECS, url: str = "", offline: bool = False) -> Job:
        yml = tmp_path / "environment.yml"
        yml.write_text(text, encoding="utf-8")
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return Job(
            prefix=prefix,
            python=MINOR,
            conda_channel=url or channel.as_uri(),
            environment_yml=yml,
            requirements=tmp_path / "requirements.txt",
            lock=tmp_path / "requirements.lock",
            scratch=scratch,
            expected_bytes=1,
            tell=Silent(),
            offline=offline,
        )

    return make
