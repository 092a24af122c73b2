"""Any conda, mamba or micromamba that is on this machine, with the channel in a folder.

SETUP_ASSISTANT_TEST_CONDA names the program; else the first on the path is taken.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host import conda
from setup_assistant.site import activation
from setup_assistant.site.conda_explicit import exact_pins, render_explicit
from setup_assistant.site.environment_yml import CREATE
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.backends.conda import Conda
from tests.conda.channel import MINOR

pytestmark = [pytest.mark.e2e]


@pytest.fixture
def client(home: Path) -> Path:
    named = os.environ.get("SETUP_ASSISTANT_TEST_CONDA")
    found = named or next(filter(None, map(shutil.which, ("conda", "mamba", "micromamba"))), None)
    if not found:
        pytest.skip("no conda, mamba or micromamba is here")
    return Path(found)


def pip_list(prefix: Path) -> set[str]:
    done = subprocess.run(
        [prefix / "bin" / "python", "-m", "pip", "list", "--format", "freeze"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


def test_our_file_is_accepted_unchanged(
    client: Path, home: Path, channel: Path, job: Callable[..., Job], tmp_path: Path
) -> None:
    """With the command that stands in the file; `defaults` of the settings is kept out by it."""
    (home / ".condarc").write_text("channels: [defaults]\n")
    wanted = job(tmp_path / "unused").environment_yml
    done = subprocess.run(
        ["sh", "-c", CREATE.replace("conda env create", '"$0" env create --yes'), client],
        env={**os.environ, "CONDA_CHANNEL_ALIAS": channel.parent.as_uri()}, cwd=wanted.parent,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    prefix = next(p for p in conda.known_prefixes(home) if p.name == "small")
    assert any(line.startswith("packaging==") for line in pip_list(prefix))


def test_made_recorded_and_activated(
    client: Path, home: Path, job: Callable[..., Job], tmp_path: Path
) -> None:
    prefix = tmp_path / "有 空格" / "env"
    Conda(client.stem, client).create(job(prefix))
    assert prefix in conda.known_prefixes(home)
    said = subprocess.run(
        [client, "env", "list", "--json"], capture_output=True, text=True, check=True
    )
    theirs = {Path(p) for p in json.loads(said.stdout)["envs"]}
    assert {p for p in theirs if p.is_relative_to(tmp_path)} <= set(conda.known_prefixes(home))
    state = json.loads((prefix / "conda-meta" / "state").read_text())
    assert state["env_vars"]["PYTHONNOUSERSITE"] == "1"
    text = activation.activation(prefix, "conda", "bash", client)
    code = "import os, sys; print(sys.prefix, os.environ['PYTHONNOUSERSITE'])"
    done = subprocess.run(
        ["bash", "-c", f'{text}\npython -c "{code}"'], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{prefix} 1\n"
    with pytest.raises(SetupError) as caught:
        Conda(client.stem, client).create(job(prefix))
    assert caught.value.code == "environment_foreign"


def test_the_explicit_lock_makes_the_same_environment(
    client: Path, home: Path, job: Callable[..., Job], tmp_path: Path
) -> None:
    """Also where the person's settings name channels of their own: none is asked."""
    (home / ".condarc").write_text("channels: [defaults]\n")
    first = tmp_path / "first"
    Conda(client.stem, client).create(job(first))
    lock = tmp_path / "conda-explicit.txt"
    lock.write_text(render_explicit(first, "second") or "")
    second = tmp_path / "second"
    subprocess.run(
        [client, "create", "--yes", "--quiet", "--prefix", second, "--file", lock],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert render_explicit(second, "second") == lock.read_text()
    assert exact_pins(second, MINOR) == exact_pins(first, MINOR) != ()


@pytest.mark.parametrize(("cuda", "build"), [("", "plain"), ("12.8", "cuda")])
def test_a_driver_that_is_claimed_counts(
    client: Path,
    job: Callable[..., Job],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cuda: str,
    build: str,
) -> None:
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", cuda)
    Conda(client.stem, client).create(job(tmp_path / "env"))
    assert next((tmp_path / "env" / "conda-meta").glob("pip-*.json")).name.count(build) == 1


def test_a_channel_that_does_not_answer(
    client: Path, job: Callable[..., Job], tmp_path: Path
) -> None:
    with pytest.raises(SetupError) as caught:
        Conda(client.stem, client).create(
            job(tmp_path / "env", url="http://127.0.0.1:9/conda-forge")
        )
    assert caught.value.code == "packages_unreachable"


def test_a_python_that_the_channel_lacks(
    client: Path, job: Callable[..., Job], tmp_path: Path
) -> None:
    text = job(tmp_path / "x").environment_yml.read_text().replace(MINOR, "3.4", 1)
    with pytest.raises(SetupError) as caught:
        Conda(client.stem, client).create(job(tmp_path / "env", text=text))
    assert caught.value.code == "environment_failed"
    assert "3.4" in str(caught.value)
