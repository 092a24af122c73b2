"""conda's records, laid out as conda lays them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.host import conda


@pytest.fixture(autouse=True)
def no_conda(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONDA_EXE", "MAMBA_ROOT_PREFIX"):
        monkeypatch.delenv(name, raising=False)


def make(prefix: Path) -> Path:
    (prefix / "conda-meta").mkdir(parents=True)
    (prefix / "conda-meta" / "history").write_text("==> 2026-11-01 <==\n")
    return prefix


def _record(home: Path, *prefixes: Path) -> None:
    (home / ".conda").mkdir(parents=True, exist_ok=True)
    (home / ".conda" / "environments.txt").write_text("".join(f"{p}\n" for p in prefixes))


def test_no_record_no_environments(tmp_path: Path) -> None:
    assert conda.known_prefixes(tmp_path) == []


def test_the_list_its_root_and_what_lies_in_the_root(tmp_path: Path) -> None:
    root = make(tmp_path / "miniconda3")
    (root / "condabin").mkdir()
    named, unlisted = make(root / "envs" / "qwen"), make(root / "envs" / "other")
    alone = make(tmp_path / "with space" / "env")
    (root / "envs" / "broken").mkdir()
    _record(tmp_path / "home", named, alone, tmp_path / "gone")
    found = conda.known_prefixes(tmp_path / "home")
    assert set(found) == {root, named, unlisted, alone}
    assert len(found) == 4
    assert [conda.name_of(p) for p in (root, named, unlisted, alone)] == [
        "base", "qwen", "other", "",
    ]  # fmt: skip


@pytest.mark.parametrize("variable", ["CONDA_EXE", "MAMBA_ROOT_PREFIX"])
def test_a_root_that_only_the_shell_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    root = make(tmp_path / "root")
    inside = make(root / "envs" / "a")
    program = root / "bin" / "conda"
    monkeypatch.setenv(variable, str(program if variable == "CONDA_EXE" else root))
    assert conda.known_prefixes(tmp_path / "home") == [root, inside]


def test_a_list_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / ".conda").mkdir()
    (tmp_path / ".conda" / "environments.txt").write_bytes(b"\xff\xfe")
    assert conda.known_prefixes(tmp_path) == []
