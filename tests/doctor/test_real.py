"""Faults injected into a copy of a real environment; what runs inside has the last word."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.doctor.case import QWEN
from setup_assistant.doctor.diagnose import diagnose
from setup_assistant.doctor.examine import open_case
from setup_assistant.doctor.finding import Diagnosis
from tests.verify import farm

pytestmark = pytest.mark.e2e


@pytest.fixture
def env(built_environment: Path, tmp_path: Path) -> Path:
    """A copy of the environment that may be broken."""
    return farm.copy_environment(built_environment, tmp_path / "env")


def look(env: Path, *, live: bool) -> Diagnosis:
    return diagnose(open_case(env, None, live=live, purpose=QWEN))


def first(found: Diagnosis) -> str:
    assert found.failed, [f.to_json() for f in found.findings if f.status != "ok"]
    return found.failed[0].id


def alarms(found: Diagnosis) -> list[str]:
    layers = ("environment", "packages", "runtime")
    return [f.id for f in found.findings if f.layer in layers and f.status not in ("ok", "skipped")]


def test_a_sound_environment_raises_no_alarm(env: Path) -> None:
    assert alarms(look(env, live=True)) == []


def test_torchvision_for_the_other_device_is_refuted_by_a_run(env: Path) -> None:
    package = farm.unfold(env, "torchvision")
    text = (package / "version.py").read_text(encoding="utf-8")
    release = text.split("'")[1].partition("+")[0]
    torch = (farm.packages(env) / "torch" / "version.py").read_text(encoding="utf-8")
    other = "cu128" if "Optional[str] = None\ngit" in torch else "cpu"
    farm.write(package / "version.py", f"__version__ = '{release}+{other}'\n")
    assert first(look(env, live=False)) == "torchvision-variant"


@pytest.mark.parametrize(
    ("wanted", "patterns"),
    [
        ("decoder-missing", ("decord", "decord2-*")),
        ("package-missing", ("torchvision", "torchvision-*")),
        ("package-missing", ("PIL", "pillow-*")),
        ("package-missing", ("transformers", "transformers-*")),
        ("torch-missing", ("torch", "torch-*")),
        ("dependency-version", ("regex", "regex-*")),
        ("files-missing", ("safetensors.libs*", "numpy.libs")),
    ],
)
def test_what_is_removed_is_named(env: Path, wanted: str, patterns: tuple[str, ...]) -> None:
    for pattern in patterns:
        if list(farm.packages(env).glob(pattern)):
            farm.remove(env, pattern)
    assert first(look(env, live=False)) == wanted


def test_a_package_that_cannot_be_imported_is_found_by_running(env: Path) -> None:
    folder = farm.unfold(env, "accelerate")
    farm.write(folder / "__init__.py", "raise ImportError('half an update')")
    found = look(env, live=True)
    assert first(found) == "live-files-missing"
    assert found.failed[0].evidence[0][0] == str(folder / "__init__.py")


@pytest.mark.parametrize(
    ("signal", "wanted"),
    [
        ("SIGILL", "live-cpu-instructions"),
        ("SIGKILL", "live-killed"),
        ("SIGBUS", "live-files-missing"),
    ],
)
def test_an_interpreter_that_dies_is_a_result(env: Path, signal: str, wanted: str) -> None:
    folder = farm.unfold(env, "transformers")
    text = f"import os, signal\nos.kill(os.getpid(), signal.{signal})\n"
    farm.write(folder / "__init__.py", text)
    found = look(env, live=True)
    assert first(found) == wanted
    assert found.failed[0].evidence
