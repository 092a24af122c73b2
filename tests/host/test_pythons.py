"""A Python of another version is found where it lies; a name that does not start is passed over."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from setup_assistant.host import pythons


def _program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts stand for interpreters")
def test_a_shim_that_refuses_is_passed_over(places: Path) -> None:
    _program(places / "bin" / "python3.7", "echo 'command not found' >&2; exit 127")
    assert pythons.find("3.7") is None
    _program(places / "pyenv" / "versions" / "3.7.1" / "bin" / "python3.7", "echo 3 6")
    assert pythons.find("3.7") is None  # another version under that name
    real = _program(places / "pyenv" / "versions" / "3.7.16" / "bin" / "python3.7", "echo 3 7")
    assert pythons.find("3.7") == real
    first = _program(places / "bin" / "python3.7", "echo 3 7")
    assert pythons.find("3.7") == first


def test_the_running_one_needs_no_search(places: Path) -> None:
    found = pythons.find(f"3.{sys.version_info[1]}")
    assert found
    assert found.exists()
    assert not list(places.glob("bin/*"))
