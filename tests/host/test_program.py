"""Commands can be pasted where they are read, from any folder and in a new shell."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup_assistant.host.program import program, spell, spell_html


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of an installation's programs, which this process was started from."""
    folder = tmp_path / "my tools" / "bin"
    folder.mkdir(parents=True)
    (folder / "setup-assistant").write_text("#!/bin/sh\n")
    (folder / "setup-assistant").chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(folder / "setup-assistant")])
    monkeypatch.setenv("PATH", os.defpath)
    program.cache_clear()
    yield folder
    program.cache_clear()


def test_the_name_alone_where_path_leads_to_this_installation(
    bin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    (tmp_path / "setup-assistant").symlink_to(bin_folder / "setup-assistant")  # as uv and pipx do
    assert spell("Run: setup-assistant up --help") == "Run: setup-assistant up --help"


def test_the_path_where_the_name_would_start_another_program_or_none(
    bin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = f"'{bin_folder}/setup-assistant'"
    assert spell("Run: setup-assistant up --help") == f"Run: {wanted} up --help"
    program.cache_clear()
    (tmp_path / "setup-assistant").write_text("#!/bin/sh\n")
    (tmp_path / "setup-assistant").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program() == wanted
    assert "&#x27; up" in spell_html("<code>setup-assistant up</code>")


def test_an_activated_environment_is_not_activated_in_a_new_shell(
    bin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(bin_folder))
    monkeypatch.setenv("VIRTUAL_ENV", str(bin_folder.parent))
    assert program() == f"'{bin_folder}/setup-assistant'"


def test_the_agent_is_called_as_it_came(bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", [str(bin_folder / "agent.pyz"), "probe"])
    assert program() == f"{sys.executable} '{bin_folder}/agent.pyz'"


def test_paths_schemas_and_prose_are_left_alone() -> None:
    for text in ("setup-assistant/plan/1", "~/.cache/setup-assistant logs", "setup-assistant"):
        assert spell(text) == text
