"""What root makes for others is checked for whether they can reach it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.host import pythons
from setup_assistant.steps import open_to_others
from tests.site.samples import plan

pytestmark = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="as root only")


@pytest.fixture
def open_place() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(autouse=True)
def mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def said(site: Path, backend: str = "uv") -> list[str]:
    made = replace(plan(), backend=backend)
    return [w.message.english for w in open_to_others.warnings(made, site)]


def test_a_python_in_a_closed_home(open_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = open_place / "home" / "bin"
    home.mkdir(parents=True)
    python = home / "python3.12"
    python.touch()
    monkeypatch.setattr(pythons, "find", lambda _version: python)
    assert said(open_place / "site") == []
    home.parent.chmod(0o700)
    (only,) = said(open_place / "site")
    assert f"lies in {home.parent}, which is closed" in only
    assert said(open_place / "site", "rattler") == []
    # A site that nobody else can reach is nobody else's.
    assert said(home.parent / "site") == []
    os.umask(0o077)
    assert "umask 077" in said(open_place / "site", "rattler")[0]
