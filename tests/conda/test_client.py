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


def test_our_file_and_its_explicit_lock_make_the_same_environment(
    client: Path, home: Path, channel: Path, job: Callable[..., Job], tmp_path: Path
) -> None:
    """Both by the commands that stand in them; `defaults` of the settings is kept out."""
    (home / ".condarc").write_text("channels: [defaults]\n")
    first, second = tmp_path / "first", tmp_path / "second"
    wanted = job(first)
    Conda(client.stem, client).create(wanted)
    lock = tmp_path / "conda-explicit.txt"
    lock.write_text(render_explicit(first, "second") or "")
    by_file = CREATE.replace("conda env create", '"$0" env create')
    # conda before 23.10 knows no `env create --yes`.
    variables = {"CONDA_CHANNEL_ALIAS": channel.parent.as_uri(), "CONDA_ALWAYS_YES": "true"}
    for command in (by_file, f'"$0" create --prefix {second} --file {lock}'):
        done = subprocess.run(
            ["sh", "-c", command, client], env={**os.environ, **variables}, cwd=tmp_path,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    third = next(p for p in conda.known_prefixes(home) if p.name == "small")
    assert any(line.startswith("packaging==") for line in pip_list(third))
    assert render_explicit(third, "second") == render_explicit(second, "second") == lock.read_text()
    pins = {exact_pins(prefix, MINOR) for prefix in (first, second, third)}
    assert pins != {()}
    assert len(pins) == 1


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
