"""Conda environments for real, from a real channel in a folder, without conda."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host import conda
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.backends.rattler import Rattler
from tests.conda.channel import MINOR, PYTHON
from tests.conda.conftest import SPECS

pytest.importorskip("rattler", reason="py-rattler is an optional part")
pytestmark = [pytest.mark.e2e]

Maker = Callable[..., Job]


def records(prefix: Path) -> dict[str, str]:
    found = {}
    for path in (prefix / "conda-meta").glob("*.json"):
        value = json.loads(path.read_text())
        found[value["name"]] = f"{value['version']} {value['build']}"
    return found


def test_our_file_becomes_a_working_conda_environment(
    tmp_path: Path, home: Path, channel: Path, job: Maker
) -> None:
    prefix = tmp_path / "有 空格" / "env"
    Rattler().create(job(prefix))
    assert records(prefix)["python"].startswith(PYTHON)
    assert records(prefix)["pip"].endswith("pyh_plain_0")
    # Others may read them, as they may read conda's.
    assert (prefix / "conda-meta" / "history").stat().st_mode & 0o044
    assert all(p.stat().st_mode & 0o044 for p in (prefix / "conda-meta").glob("*.json"))
    code = "import sys, ssl, ctypes; print(sys.prefix)"
    for program in (prefix / "bin" / "python", prefix / "bin" / f"python{MINOR}"):
        done = subprocess.run(
            [program, "-I", "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == str(prefix)
    pip = subprocess.run(
        [prefix / "bin" / "pip", "--version"], capture_output=True, text=True, check=True
    )
    assert str(prefix) in pip.stdout
    # No trace of where the package was made is left in any text.
    built = (prefix / "lib" / "built.txt").read_text()
    assert "a_prefix_that_was_there" not in built
    assert str(prefix) in built
    # conda knows it: its list, its history, its variables.
    assert (home / ".conda" / "environments.txt").read_text() == f"{prefix}\n"
    assert conda.known_prefixes(home) == [prefix]
    history = (prefix / "conda-meta" / "history").read_text()
    assert f"+{channel.as_uri()}/noarch::pip-" in history
    assert f"# update specs: ['python={MINOR}', 'pip']" in history
    state = json.loads((prefix / "conda-meta" / "state").read_text())
    assert state["env_vars"] == {"PYTHONNOUSERSITE": "1", "PYTHONPATH": ""}


@pytest.mark.parametrize(
    ("cuda", "build"), [("", "pyh_plain_0"), ("12.3", "pyh_plain_0"), ("12.8", "pyh_cuda_1")]
)
def test_a_driver_that_is_claimed_counts(
    tmp_path: Path, job: Maker, monkeypatch: pytest.MonkeyPatch, cuda: str, build: str
) -> None:
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", cuda)
    Rattler().create(job(tmp_path / "env"))
    assert records(tmp_path / "env")["pip"].endswith(build)


def test_a_c_library_that_is_claimed_counts(
    tmp_path: Path, job: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONDA_OVERRIDE_GLIBC", "2.5")
    with pytest.raises(SetupError) as caught:
        Rattler().create(job(tmp_path / "env"))
    assert caught.value.code == "environment_failed"
    assert "__glibc" in str(caught.value)


def test_a_python_that_the_channel_lacks(tmp_path: Path, home: Path, job: Maker) -> None:
    text = SPECS.replace(f"python={MINOR}", "python=3.4")
    with pytest.raises(SetupError) as caught:
        Rattler().create(job(tmp_path / "env", text=text))
    assert caught.value.code == "environment_failed"
    assert "3.4" in str(caught.value)
    assert not (home / ".conda").exists()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/conda-forge", "file:///nowhere/conda-forge"])
def test_a_channel_that_does_not_answer(tmp_path: Path, job: Maker, url: str) -> None:
    with pytest.raises(SetupError) as caught:
        Rattler().create(job(tmp_path / "env", url=url))
    assert caught.value.code == "packages_unreachable"
    assert caught.value.exit == 3


def test_packages_in_the_home_stay_out_without_activation(
    tmp_path: Path, home: Path, job: Maker
) -> None:
    theirs = home / ".local" / "lib" / f"python{MINOR}" / "site-packages"
    theirs.mkdir(parents=True)
    (theirs / "torch.py").write_text("print('the wrong one')")
    python = tmp_path / "env" / "bin" / "python"
    command = [python, "-c", "import sys, pip; print('.local' in str(sys.path)); import torch"]
    env = {"HOME": str(home), "PATH": os.environ["PATH"]}
    Rattler().create(job(tmp_path / "env"))
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.stdout == "False\n"
    assert "No module named 'torch'" in done.stderr
    for path in (tmp_path / "env").rglob("setup_assistant_no_user_site.pth"):
        path.unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert "the wrong one" in done.stdout  # what it prevents


def test_two_at_once_with_one_empty_cache(
    tmp_path: Path, job: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path / "own cache"))
    failed: list[BaseException] = []

    def make(work: Job) -> None:
        try:
            Rattler().create(work)
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    # They read one file, which is written before the first begins.
    jobs = [job(tmp_path / name) for name in ("one", "two", "three")]
    threads = [threading.Thread(target=make, args=(work,)) for work in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert records(tmp_path / "one") == records(tmp_path / "two") == records(tmp_path / "three")


def test_nothing_is_written_outside(
    tmp_path: Path, home: Path, job: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "own cache"
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(cache))
    Rattler().create(job(tmp_path / "env", offline=True))
    assert sorted(p.name for p in home.iterdir()) == [".conda"]
    assert sorted(p.name for p in (home / ".conda").iterdir()) == ["environments.txt"]
    assert {p.name for p in cache.iterdir()} == {"conda"}
