"""venv and pip, the last resort: the same set, the same care, real pip against a small index."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.steps.backends import pip, uv
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.step import Silent
from tests.steps.index import Index, serving, small_recipes, wheel

pytestmark = pytest.mark.e2e
MINOR = f"3.{sys.version_info[1]}"
Maker = Callable[..., Job]


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    with serving(small_recipes(tmp_path / "recipes")) as found:
        yield found


@pytest.fixture
def job(tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch) -> Maker:
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path / "cache"))
    for name in [n for n in os.environ if n.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"--index-url {index.url}\naccelerate==1.15.0\n")

    def make(**changes: object) -> Job:
        values: dict[str, object] = {
            "prefix": tmp_path / "有 空格" / "env", "python": MINOR, "conda_channel": "",
            "environment_yml": tmp_path / "e.yml", "requirements": requirements,
            "lock": tmp_path / "r.lock", "scratch": tmp_path, "expected_bytes": 1,
            "tell": Silent(),
        }  # fmt: skip
        return Job(**{**values, **changes})  # type: ignore[arg-type]

    return make


def install(job: Job) -> list[str]:
    """Make the environment; return what is in it besides its pip."""
    pip.Pip().create(job)
    pip.Pip().install(job)
    found = job.prefix.glob("lib/python3*/site-packages/*.dist-info")
    return sorted(p.name for p in found if not p.name.startswith(("pip-", "setuptools-")))


HARMFUL = {
    "PIP_ROOT": "aside", "PIP_PREFIX": "aside", "PIP_TARGET": "aside", "PIP_USER": "1",
    "PIP_DRY_RUN": "1", "PIP_CONSTRAINT": "nowhere.txt", "PIP_REQUIREMENT": "nowhere.txt",
    "PIP_PYTHON": "nowhere", "PIP_PLATFORM": "win_amd64", "PIP_NO_BINARY": ":all:",
    "PIP_NO_DEPS": "1", "PYTHONPATH": "aside",
}  # fmt: skip


def test_variables_decide_neither_what_nor_where(
    job: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    (aside / "venv.py").write_text("raise SystemExit('the wrong one')\n")
    monkeypatch.chdir(aside)
    for name, value in HARMFUL.items():
        monkeypatch.setenv(name, str(aside) if value == "aside" else value)
    assert install(job()) == ["accelerate-1.15.0.dist-info"]
    assert [p.name for p in aside.iterdir()] == ["venv.py"]


def test_it_is_locked_with_hashes_and_another_wheel_is_refused(
    job: Maker, tmp_path: Path, index: Index
) -> None:
    assert install(job()) == ["accelerate-1.15.0.dist-info"]
    lock = tmp_path / "r.lock"
    assert "accelerate==1.15.0 \\\n    --hash=sha256:" in lock.read_text()
    index.sizes["accelerate"] = 7  # the same version, other bytes
    second = job(prefix=tmp_path / "second", lock=tmp_path / "s.lock", given_lock=lock)
    with pytest.raises(SetupError) as caught:
        install(second)
    assert caught.value.code == "hash_mismatch"
    assert "accelerate" in str(caught.value)


def test_from_a_folder_of_wheels_alone(job: Maker, tmp_path: Path, index: Index) -> None:
    name, data = wheel("accelerate", "1.15.0")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / name).write_bytes(data)
    index.stalled = {"simple/accelerate"}  # whoever asks will wait for ever
    alone = job(offline=True, wheelhouse=wheels)
    assert install(alone) == ["accelerate-1.15.0.dist-info"]
    (wheels / name).unlink()
    with pytest.raises(SetupError) as caught:
        install(job(prefix=tmp_path / "second", offline=True, wheelhouse=wheels))
    assert caught.value.code == "wheel_missing"


def test_where_uv_cannot_run_pip_alone_does(job: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise FileNotFoundError("no uv")

    monkeypatch.setattr(uv, "uv_program", missing)
    made = job()
    assert install(made) == ["accelerate-1.15.0.dist-info"]
    assert not made.lock.exists()
