"""The environments of this machine: ours and conda's, by name, and which must not go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host.removal_proofs import Identity, Same
from setup_assistant.host.users_of import User
from setup_assistant.site import environments
from setup_assistant.site.environments import Environment
from tests.steps.made import Made


def conda_made(folder: Path) -> Path:
    (folder / "conda-meta").mkdir(parents=True)
    (folder / "conda-meta" / "history").write_text("==> x <==\n")
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CONDA_PREFIX", "VIRTUAL_ENV", "CONDA_EXE", "MAMBA_ROOT_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / ".conda").mkdir(parents=True)
    return tmp_path / "home"


def code_of(wanted: str) -> str:
    with pytest.raises(SetupError) as caught:
        environments.pick(wanted)
    return str(caught.value.code)


def test_ours_and_condas_are_known_once(home: Path, tmp_path: Path) -> None:
    made = Made(tmp_path / "lab")
    conda_made(made.layout.env)
    other = conda_made(tmp_path / "envs" / "lab")
    bare = conda_made(tmp_path / "elsewhere")
    listed = home / ".conda" / "environments.txt"
    listed.write_text(f"{made.layout.env}\n{other}\n{bare}\n{tmp_path / 'gone'}\n")
    known = {e.prefix: e for e in environments.known(sizes=True)}
    ours = known[str(made.layout.env)]
    assert list(known) == [str(made.layout.env), str(other), str(bare)]
    assert (ours.name, ours.origin, ours.site, ours.backend) == (
        "lab", "site", str(made.layout.root), "uv",
    )  # fmt: skip
    assert (ours.complete, ours.listed, ours.previous, ours.made_by) == (True, True, None, "conda")
    assert ours.bytes
    theirs = known[str(other)]
    assert (theirs.name, theirs.origin, theirs.site, theirs.complete) == (
        "lab", "conda", None, None,
    )  # fmt: skip
    assert known[str(bare)].name == ""
    conda_made(made.layout.env.with_name("env.previous"))
    again = environments.pick(str(made.layout.root))
    assert (again.prefix, again.previous) == (ours.prefix, f"{ours.prefix}.previous")
    assert again.bytes is None


def test_one_is_picked_by_its_folder_before_its_name(home: Path, tmp_path: Path) -> None:
    made = Made(tmp_path / "lab")
    assert environments.pick("lab").prefix == str(made.layout.env)
    other = conda_made(tmp_path / "envs" / "lab")
    (home / ".conda" / "environments.txt").write_text(f"{other}\n")
    assert environments.pick(str(other)).origin == "conda"
    assert environments.pick(f"{made.layout.env}/../env").origin == "site"
    assert environments.pick(str(made.layout.root)).origin == "site"
    assert code_of("lab") == "env_ambiguous"
    assert code_of("nobody") == "env_unknown"


@pytest.mark.parametrize(("aside", "code"), [("env.old", "env_unfinished"), ("env.x", "")])
def test_one_that_was_moved_aside_is_not_unknown(
    home: Path, tmp_path: Path, aside: str, code: str
) -> None:
    made = Made(tmp_path / "lab")
    made.layout.env.rename(made.layout.env.with_name(aside))
    for wanted in ("lab", str(made.layout.env), str(made.layout.root)):
        assert list(environments.missing(wanted)) == [(made.layout.env, made.layout.root)]
        assert code_of(wanted) == (code or "env_unknown")
    assert list(environments.missing("other")) == []


def test_one_that_is_used_stays(home: Path, tmp_path: Path) -> None:
    folder = conda_made(tmp_path / "envs" / "q")
    one = Environment(name="q", prefix=str(folder), origin="conda", made_by="conda")
    proof = Same(Identity.of(folder))
    users = (User(pid=7, name="python"), User(pid=8, name="jupyter"))
    active, used = replace(one, active="CONDA_PREFIX"), replace(one, users=users)
    for kept, code in ((active, "env_active"), (used, "env_in_use")):
        with pytest.raises(SetupError) as caught:
            environments.remove(kept, proof)
        assert caught.value.code == code
    assert caught.value.args_["programs"] == "python (7), jupyter (8)"
    (folder / "envs").mkdir()
    with pytest.raises(SetupError) as caught:
        environments.remove(one, proof)
    assert caught.value.code == "env_is_base"
    (folder / "envs").rmdir()
    # What is no environment any more is not removed, whatever was shown.
    (folder / "conda-meta" / "history").rename(folder / "history")
    with pytest.raises(SetupError) as caught:
        environments.remove(one, proof)
    assert caught.value.code == "removal_refused"
    (folder / "history").rename(folder / "conda-meta" / "history")
    listed = home / ".conda" / "environments.txt"
    listed.write_text(f"/other\n{folder}\n")
    environments.remove(one, proof)
    assert not folder.exists()
    assert listed.read_text() == "/other\n"
