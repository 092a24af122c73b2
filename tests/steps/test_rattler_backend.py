"""The engine of rattler: what its child says, and what becomes of it.

A program of a test stands in for the child; the real one is tried in tests/conda.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths
from setup_assistant.steps.backends import rattler
from setup_assistant.steps.backends.base import Job
from setup_assistant.steps.step import Silent

YML = """\
name: x
channels:
  - conda-forge
dependencies:
  - python=3.12
  - pip
variables:
  PYTHONNOUSERSITE: "1"
"""
PACKAGE = {"url": "https://c.example/linux-64/python-3.12.1-h0.conda", "name": "python",
           "version": "3.12.1", "build": "h0"}  # fmt: skip
SOLVED = {"event": "solved", "packages": [PACKAGE]}


class Told(Silent):
    """Keeps what a person would see."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def detail(self, text: str) -> None:
        self.seen.append(text)

    def progress(self, done: float, total: float | None, what: object) -> None:
        self.seen.append((done, total, str(what)))


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "environment.yml").write_text(YML)
    (tmp_path / "scratch").mkdir()
    return Job(
        prefix=tmp_path / "env", python="3.12", conda_channel="https://c.example",
        environment_yml=tmp_path / "environment.yml", requirements=tmp_path / "r",
        lock=tmp_path / "l", scratch=tmp_path / "scratch", expected_bytes=1, tell=Told(),
        offline=True,
    )  # fmt: skip


def child(monkeypatch: pytest.MonkeyPatch, folder: Path, *said: object, makes: Path | None) -> None:
    """Let a program take the child's place, that keeps its request and says lines."""
    lines = [s if isinstance(s, str) else json.dumps(s) for s in said]
    program = folder / "child.py"
    program.write_text(
        "import os, pathlib, sys\n"
        f"pathlib.Path({str(folder / 'request')!r}).write_text(sys.stdin.read())\n"
        + (f"os.makedirs({str(makes / 'conda-meta')!r}, exist_ok=True)\n" if makes else "")
        + f"print(*{lines!r}, sep='\\n')\n"
        "sys.stderr.write('its last words\\n')\n"
    )
    monkeypatch.setattr(rattler, "_CHILD", program)


def test_what_was_linked_is_recorded_as_conda_does(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    child(monkeypatch, tmp_path, "noise", {"event": "virtual", "packages": ["__glibc", "__unix"]},
          SOLVED, {"event": "progress", "done": 1, "total": 2}, {"event": "linked"},
          makes=job.prefix)  # fmt: skip
    rattler.Rattler().create(job)
    request = json.loads((tmp_path / "request").read_text())
    assert request == {
        "channel": "https://c.example", "specs": ["python=3.12", "pip"],
        "prefix": str(job.prefix), "cache": str(paths.conda_cache()), "offline": True,
        "library": "",
    }  # fmt: skip
    recorded = "https://c.example/linux-64::python-3.12.1-h0"
    assert isinstance(job.tell, Told)
    # Its errors are read by a thread of their own.
    seen = [s for s in job.tell.seen if s != "its last words"]
    assert seen[:3] == [
        "virtual packages: __glibc, __unix", recorded, (1, 2, "Fetching conda packages"),
    ]  # fmt: skip
    history = (job.prefix / "conda-meta" / "history").read_text()
    assert recorded in history
    assert "python=3.12" in history
    assert json.loads((job.prefix / "conda-meta" / "state").read_text())["env_vars"] == {
        "PYTHONNOUSERSITE": "1"
    }
    known = (tmp_path / "home" / ".conda" / "environments.txt").read_text()
    assert str(job.prefix) in known


@pytest.mark.parametrize(
    ("said", "code", "detail"),
    [
        ({"why": "space", "detail": "full"}, "disk_filled", None),
        ({"why": "permission", "detail": "no"}, "not_writable", "no"),
        ({"why": "network", "detail": "gone"}, "packages_unreachable", "gone"),
        ({"why": "solve", "detail": "nothing provides x"}, "environment_failed",
         "nothing provides x"),
        ({}, "environment_failed", "its last words"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("there", [False, True])
def test_a_failure_is_named_and_leaves_no_half(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    said: dict[str, str], code: str, detail: str | None, there: bool,
) -> None:  # fmt: skip
    if there:
        job.prefix.mkdir()
    room = {job.prefix: 9, paths.conda_cache(): 8}
    monkeypatch.setattr(files, "free_bytes", room.__getitem__)
    child(monkeypatch, tmp_path, SOLVED, {"event": "failed", **said}, makes=job.prefix)
    with pytest.raises(SetupError) as caught:
        rattler.Rattler().create(job)
    assert caught.value.code == code
    assert caught.value.args_.get("detail") == detail
    if code in ("disk_filled", "not_writable"):
        assert caught.value.args_["path"] == str(paths.conda_cache())
    assert job.prefix.exists() is there


def test_the_newest_that_was_brought_along_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rattler._library() is None  # it is installed here
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert rattler._library() is None
    assert not rattler.available()
    for name in (".part", "py_rattler-0.28", "py_rattler-0.29"):
        place = rattler.library_folder() / name / "rattler"
        place.mkdir(parents=True)
        (place / "__init__.py").touch()
    assert rattler._library() == rattler.library_folder() / "py_rattler-0.29"
    assert rattler.available()
