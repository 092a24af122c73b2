"""conda's records, laid out as conda lays them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from setup_assistant.host import conda


@pytest.fixture(autouse=True)
def no_conda(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONDA_EXE", "MAMBA_ROOT_PREFIX", "CONDARC", "CONDA_PREFIX", "CONDA_ENVS_DIRS"):
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


def test_register_as_conda_does_and_take_it_back(tmp_path: Path) -> None:
    home, one, two = tmp_path / "home", make(tmp_path / "有 一"), make(tmp_path / "two")
    listed = home / ".conda" / "environments.txt"
    assert conda.register(one, home)
    assert conda.register(one, home)  # once is enough
    assert listed.read_text() == f"{one}\n"
    listed.write_text(str(one))  # as conda leaves it when it rewrites the list
    assert conda.register(two, home)
    assert listed.read_text() == f"{one}\n{two}\n"
    assert conda.known_prefixes(home) == [one, two]
    assert conda.unregister(one, home)
    assert listed.read_text() == f"{two}\n"
    assert not conda.unregister(one, home)
    assert conda.unregister(two, home)
    assert not (home / ".conda").exists()


def test_what_else_is_in_condas_folder_stays(tmp_path: Path) -> None:
    home, one = tmp_path / "home", make(tmp_path / "one")
    conda.register(one, home)
    (home / ".conda" / "mine").write_text("x")
    conda.unregister(one, home)
    assert [p.name for p in (home / ".conda").iterdir()] == ["mine"]


@pytest.mark.parametrize("said", ["variable", "file"])
def test_who_wants_no_list_gets_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    if said == "variable":
        monkeypatch.setenv("CONDA_REGISTER_ENVS", "false")
    else:
        (home / ".condarc").write_text("register_envs: false\n")
    assert not conda.register(make(tmp_path / "one"), home)
    assert not (home / ".conda").exists()


def test_a_list_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".conda").write_text("a file, not a folder")
    assert not conda.register(make(tmp_path / "one"), home)


def test_folders_of_environments_that_the_settings_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    by_file, by_variable = make(tmp_path / "envs one" / "a"), make(tmp_path / "two" / "b")
    own = make(home / ".conda" / "envs" / "c")
    (home / ".condarc").write_text(f"envs_dirs:\n  - {tmp_path / 'envs one'}\n")
    monkeypatch.setenv("CONDA_ENVS_DIRS", str(tmp_path / "two"))
    assert set(conda.known_prefixes(home)) == {by_file, by_variable, own}


def test_settings_that_are_no_yaml_are_condas_to_complain_of(tmp_path: Path) -> None:
    (tmp_path / ".condarc").write_text("channels: [unclosed\n")
    assert conda.settings(tmp_path) == {}


def test_variables_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    prefix = make(tmp_path / "env")
    (prefix / "conda-meta" / "state").write_text('{"env_vars": {"MINE": "1"}}')
    conda.write_variables(prefix, {"PYTHONNOUSERSITE": "1"})
    text = (prefix / "conda-meta" / "state").read_text()
    assert '"MINE": "1"' in text
    assert '"PYTHONNOUSERSITE": "1"' in text


@pytest.mark.parametrize("place", ["micromamba", ".local/share/mamba", ".conda"])
def test_micromambas_own_folders(tmp_path: Path, place: str) -> None:
    env = make(tmp_path / place / "envs" / "a")
    assert conda.known_prefixes(tmp_path) == [env]
