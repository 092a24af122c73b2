"""`env list` and `env remove`, through the real command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pexpect
import pytest

from setup_assistant.errors import SetupError
from setup_assistant.host import sites
from setup_assistant.host.removal_proofs import seen
from setup_assistant.site import environments
from tests import forked
from tests.host.test_conda import make
from tests.host.test_prefix import NEW

COMMAND = [sys.executable, "-c", "from setup_assistant.cli.app import main; main()", "env"]


class Machine:
    """A home folder with environments, and the command line run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.cache = folder / "cache"
        self.extra: dict[str, str] = {}
        (self.home / ".conda").mkdir(parents=True)

    def environment(self) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if k not in ("CONDA_PREFIX", "VIRTUAL_ENV",
               "CONDA_EXE", "MAMBA_ROOT_PREFIX")}  # fmt: skip
        return env | {
            "HOME": str(self.home),
            "SETUP_ASSISTANT_CACHE": str(self.cache),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONUTF8": "1",
            "COLUMNS": "200",
            **self.extra,
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        english = ("--lang", "en") if arguments else ()
        return forked.run("env", *arguments, *english, env=self.environment(), cwd=self.folder)

    def terminal(self, *arguments: str) -> pexpect.spawn[str]:
        """Start the command at a real terminal."""
        env = {**self.environment(), "TERM": "xterm"}
        return pexpect.spawn(
            COMMAND[0], [*COMMAND[1:], *arguments, "--lang", "en"],
            env=env, cwd=str(self.folder), encoding="utf-8", dimensions=(30, 200), timeout=600,
        )  # fmt: skip

    def envelope(self, *arguments: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        value: dict[str, Any] = json.loads(done.stdout)
        assert value["exit_code"] == done.returncode
        return value

    def site(self, name: str) -> Path:
        """Make a site with a real virtual environment and torch's version file in it."""
        root = self.folder / name
        venv.create(root / "env", with_pip=False, symlinks=True)
        packages = next((root / "env").glob("lib/python3.*/site-packages"))
        (packages / "torch").mkdir()
        (packages / "torch" / "version.py").write_text(NEW)
        sites.register(root)
        return root

    def conda(self, name: str) -> Path:
        prefix = make(self.folder / "conda" / "envs" / name)
        listed = self.home / ".conda" / "environments.txt"
        with listed.open("a") as stream:
            stream.write(f"{prefix}\n")
        return prefix


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(made.cache))
    return made


def test_nothing_known(machine: Machine) -> None:
    assert machine.envelope("list")["data"] == {"environments": []}
    assert "No environment is known here." in machine.run("list").stdout


def test_without_a_verb_it_is_wrong_use_and_says_where_help_is(machine: Machine) -> None:
    done = machine.run()
    assert done.returncode == 2
    assert "setup-assistant env --help" in done.stderr


def test_list_names_everything_known_once(machine: Machine) -> None:
    site, lab = machine.site("my site"), machine.conda("lab")
    machine.extra["CONDA_PREFIX"] = str(lab)
    ours, theirs = machine.envelope("list")["data"]["environments"]
    assert ours == {
        "name": "my site",
        "prefix": str(site / "env"),
        "origin": "site",
        "made_by": "venv",
        "site": str(site),
        "backend": None,
        "complete": None,
        "python": ".".join(map(str, sys.version_info[:3])),
        "torch": {"version": "2.15.0", "build": "cu132"},
        "active": None,
        "users": [],
        "listed": False,
        "previous": None,
        "bytes": None,
    }
    assert theirs["listed"] is True
    assert theirs["name"] == "lab"
    assert theirs["origin"] == theirs["made_by"] == "conda"
    assert theirs["active"] == "CONDA_PREFIX"
    assert theirs["torch"] is None
    sizes = machine.envelope("list", "--sizes")["data"]["environments"]
    assert sizes[0]["bytes"] > len(NEW)
    shown = machine.run("list").stdout
    for word in ("my site", "2.15.0 cu132", str(lab), "* in use here"):
        assert word in shown


def test_a_conda_environment_of_ours_is_listed_once(machine: Machine) -> None:
    lab = machine.conda("lab")
    root = machine.folder / "site"
    root.mkdir()
    (root / "answers.toml").write_text(f'env = "{lab}"\n')
    sites.register(root)
    (only,) = machine.envelope("list")["data"]["environments"]
    assert (only["origin"], only["made_by"], only["prefix"]) == ("site", "conda", str(lab))


@pytest.mark.parametrize("by_folder", [False, True])
def test_remove_by_name_and_by_folder(machine: Machine, by_folder: bool) -> None:
    site, lab = machine.site("site"), machine.conda("lab")
    wanted = str(site / "env") if by_folder else "site"
    value = machine.envelope("remove", wanted, "--yes")
    assert value["status"] == "ok"
    assert value["data"]["removed"] is True
    assert not (site / "env").exists()
    assert site.is_dir()
    assert [e["prefix"] for e in machine.envelope("list")["data"]["environments"]] == [str(lab)]


def test_without_a_terminal_it_asks_for_the_flag(machine: Machine) -> None:
    lab = machine.conda("lab")
    done = machine.run("remove", "lab")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert lab.is_dir()


@pytest.mark.parametrize("variable", ["CONDA_PREFIX", "VIRTUAL_ENV"])
def test_the_active_one_is_refused_with_the_reason(machine: Machine, variable: str) -> None:
    lab = machine.conda("lab")
    machine.extra[variable] = str(lab)
    value = machine.envelope("remove", "lab", "--yes")
    assert value["exit_code"] == 1
    (error,) = value["errors"]
    assert error["code"] == "env_active"
    assert variable in error["message"]
    assert "deactivate" in error["hint"]
    assert lab.is_dir()


def test_condas_base_is_refused(machine: Machine) -> None:
    machine.conda("lab")
    base = make(machine.folder / "conda")
    (error,) = machine.envelope("remove", "base", "--yes")["errors"]
    assert error["code"] == "env_is_base"
    assert base.is_dir()


def test_what_is_not_on_record_is_never_removed(machine: Machine) -> None:
    machine.conda("lab")
    own = machine.folder / "own"
    venv.create(own, with_pip=False, symlinks=True)
    for wanted in (str(own), "own", ".", str(machine.home), "/"):
        value = machine.envelope("remove", wanted, "--yes")
        assert value["exit_code"] == 2
        assert value["errors"][0]["code"] == "env_unknown"
        assert "lab" in value["errors"][0]["hint"]
    assert own.is_dir()


def test_two_of_one_name(machine: Machine) -> None:
    lab = machine.conda("lab")
    site = machine.site("lab")
    value = machine.envelope("remove", "lab", "--yes")
    assert value["errors"][0]["code"] == "env_ambiguous"
    # A site's own folder names its environment as well.
    assert machine.envelope("remove", str(site), "--dry-run")["status"] == "ok"
    assert machine.envelope("remove", str(lab), "--yes")["status"] == "ok"
    assert not lab.exists()
    assert (site / "env").is_dir()


def test_a_folder_of_a_site_that_is_no_environment_is_left_alone(machine: Machine) -> None:
    root = machine.folder / "site"
    (root / "env").mkdir(parents=True)
    (root / "env" / "thesis.txt").write_text("years of work")
    sites.register(root)
    assert machine.envelope("list")["data"] == {"environments": []}
    assert machine.envelope("remove", str(root / "env"), "--yes")["exit_code"] == 2
    assert (root / "env" / "thesis.txt").exists()


def test_what_the_system_refuses_is_said(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = machine.conda("lab")
    monkeypatch.setenv("HOME", str(machine.home))
    found = environments.pick("lab")

    def refuse(path: str, *_args: object, **_named: object) -> None:
        raise PermissionError(13, "Permission denied", path)

    # A permission that root lacks cannot be made here, so the system's answer is.
    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(SetupError) as caught:
        environments.remove(found, seen(lab))
    assert caught.value.code == "not_removed"
    assert str(lab) in caught.value.message.english
    assert "Permission denied" in caught.value.message.english


@pytest.mark.parametrize(("key", "stays", "status"), [("n", True, 0), ("y", False, 0)])
def test_the_question_at_a_terminal(machine: Machine, key: str, stays: bool, status: int) -> None:
    lab = machine.conda("lab")
    asked = machine.terminal("remove", "lab")
    asked.expect_exact(f"Remove the environment in {lab}?")
    asked.send(key)
    asked.expect_exact("Nothing was removed." if stays else f"Removed: {lab}")
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus == status
    assert lab.is_dir() is stays


def test_ctrl_c_at_the_question_removes_nothing(machine: Machine) -> None:
    lab = machine.conda("lab")
    asked = machine.terminal("remove", "lab")
    asked.expect_exact(f"Remove the environment in {lab}?")
    asked.sendcontrol("c")
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus == 130
    assert lab.is_dir()


def test_what_would_go_is_shown_alone(machine: Machine) -> None:
    lab = machine.conda("lab")
    site = machine.site("site")
    for name, folder in (("lab", lab), ("site", site / "env")):
        value = machine.envelope("remove", name, "--dry-run")
        assert value["exit_code"] == 0
        assert value["data"]["paths"] == [str(folder)]
        assert value["data"]["removed"] is False
        assert folder.is_dir()


def test_that_somebody_else_made_it_is_said(machine: Machine) -> None:
    machine.conda("lab")
    site = machine.site("site")
    marker = {"schema": "setup-assistant/environment/1", "engine": "adopted", "site": str(site)}
    (site / "env" / ".setup-assistant.json").write_text(json.dumps(marker))
    for name in ("lab", "site"):
        value = machine.envelope("remove", name, "--dry-run")
        assert value["data"]["made_here"] is False
        assert "made by somebody else" in machine.run("remove", name, "--dry-run").stderr
    (site / "env" / ".setup-assistant.json").write_text(json.dumps(marker | {"engine": "uv"}))
    assert machine.envelope("remove", "site", "--dry-run")["data"]["made_here"] is True


def test_a_link_to_an_environment_is_refused(machine: Machine) -> None:
    site = machine.site("site")
    (site / "env").rename(machine.folder / "large disk")
    (site / "env").symlink_to(machine.folder / "large disk")
    (error,) = machine.envelope("remove", "site", "--yes")["errors"]
    assert error["code"] == "removal_refused"
    assert "large disk" in error["message"]
    assert (site / "env" / "pyvenv.cfg").exists()


def test_what_was_exchanged_after_it_was_shown_stays(machine: Machine) -> None:
    lab = machine.conda("lab")
    asked = machine.terminal("remove", "lab")
    asked.expect_exact(f"Remove the environment in {lab}?")
    lab.rename(lab.with_name("away"))
    make(lab)
    asked.send("y")
    asked.expect_exact("is not removed")
    asked.expect(pexpect.EOF)
    asked.close()
    assert asked.exitstatus == 1
    assert lab.is_dir()
