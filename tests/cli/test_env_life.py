"""`env activate`, `adopt`, `export`, `upgrade`, and removing twice, through the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from setup_assistant.host import files
from tests import forked
from tests.cli.test_env import Machine, machine

__all__ = ["machine"]

HASH = "a" * 64


def packages(prefix: Path) -> Path:
    return next(prefix.glob("lib/python3.*/site-packages"))


def error(value: dict[str, Any]) -> dict[str, str]:
    (found,) = value["errors"]
    return dict(found)


def test_removing_twice_is_no_error(machine: Machine) -> None:
    machine.site("site")
    assert machine.envelope("remove", "site", "--yes")["data"]["removed"] is True
    again = machine.envelope("remove", "site", "--yes")
    assert (again["exit_code"], again["data"]["removed"]) == (0, False)


def test_conda_is_told_that_it_is_gone(machine: Machine) -> None:
    lab, other = machine.conda("lab"), machine.conda("other")
    listed = machine.home / ".conda" / "environments.txt"
    listed.write_text(f"{lab}\n{other}")  # conda leaves the last line without an end
    machine.envelope("remove", "lab", "--yes")
    assert listed.read_text() == f"{other}\n"
    machine.envelope("remove", "other", "--yes")
    assert not listed.parent.exists()


def test_one_that_runs_is_not_removed(machine: Machine) -> None:
    site = machine.site("site")
    with subprocess.Popen(
        [site / "env" / "bin" / "python", "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        (listed,) = machine.envelope("list")["data"]["environments"]
        assert [u["pid"] for u in listed["users"]] == [child.pid]
        refused = error(machine.envelope("remove", "site", "--yes"))
        child.communicate("\n")
    assert refused["code"] == "env_in_use"
    assert f"({child.pid})" in refused["message"]
    assert (site / "env").is_dir()
    assert machine.envelope("remove", "site", "--yes")["status"] == "ok"


def test_activation_is_one_line_and_nothing_else(machine: Machine) -> None:
    site = machine.site("my site")
    done = machine.run("activate", "my site", "--shell", "fish")
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    data = machine.envelope("activate", "my site", "--shell", "fish")["data"]
    assert (data["shell"], data["activate"]) == ("fish", done.stdout.strip())
    assert set(data["all"]) == {"bash", "zsh", "fish", "csh", "powershell", "cmd"}
    assert all(str(site / "env") in text for text in data["all"].values())


def test_activation_of_conda_without_conda(machine: Machine) -> None:
    lab = machine.conda("lab")
    text = machine.run("activate", "lab", "--shell", "bash").stdout
    done = subprocess.run(
        ["bash", "-c", f"{text}echo $CONDA_PREFIX"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{lab}\n"


def test_export_says_what_is_installed(machine: Machine) -> None:
    lab = machine.conda("lab")
    (lab / "conda-meta" / "python-3.12.4-h0.json").write_text(
        json.dumps({"name": "python", "version": "3.12.4"})
    )
    (lab / "conda-meta" / "ffmpeg-7.1-h0.json").write_text(
        json.dumps({"name": "ffmpeg", "version": "7.1"})
    )
    folder = lab / "lib" / "python3.12" / "site-packages"
    (folder / "torch-2.11.0+cu128.dist-info").mkdir(parents=True)
    own = folder / "mine-1.0.dist-info"
    own.mkdir()
    (own / "direct_url.json").write_text('{"url": "file:///home/me/mine"}')
    machine.extra["UV_OFFLINE"] = "1"
    to = machine.folder / "出 out"
    value = machine.envelope("export", "lab", "--to", str(to))
    assert value["status"] == "ok"
    text = (to / "environment.yml").read_text()
    assert "channels:\n  - conda-forge\n" in text
    for line in ("  - python=3.12.4\n", "  - ffmpeg=7.1\n", "      - torch==2.11.0+cu128\n"):
        assert line in text
    assert "mine @ file:///home/me/mine" in text
    # No index could be asked, and none would know the second.
    assert value["data"]["without_hash"] == ["mine @ file:///home/me/mine", "torch==2.11.0+cu128"]
    # The same once more says the same; what somebody edited is never replaced unasked.
    assert machine.envelope("export", "lab", "--to", str(to))["status"] == "ok"
    (to / "environment.yml").write_text(f"{text}  MINE: '1'\n")
    again = machine.envelope("export", "lab", "--to", str(to))
    assert error(again)["code"] == "file_exists"
    assert machine.envelope("export", "lab", "--to", str(to), "--force")["status"] == "ok"


def test_export_takes_the_hashes_of_the_sites_lock(machine: Machine) -> None:
    site = machine.site("site")
    (packages(site / "env") / "numpy-2.4.6.dist-info").mkdir()
    (site / "requirements.lock").write_text(
        "# head\n--index-url https://pypi.example/simple\n"
        f"numpy==2.4.6 \\\n    --hash=sha256:{HASH}\n"
        f"other==1.0 \\\n    --hash=sha256:{HASH}\n"
    )
    to = machine.folder / "out"
    to.mkdir()
    for name, text in (("ab12cd34", ""), ("mine_one", "mine")):
        (to / f".requirements.lock.{name}").write_text(text)
    assert machine.envelope("export", "site", "--to", str(to))["data"]["without_hash"] == []
    lock = (to / "requirements.lock").read_text()
    assert f"numpy==2.4.6 \\\n    --hash=sha256:{HASH}\n" in lock
    assert "--index-url https://pypi.example/simple\n" in lock
    assert "other" not in lock
    # What a killed export had begun to write is gone.
    assert [p.name for p in to.glob(".*")] == [".requirements.lock.mine_one"]


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_adopt_wants_an_environment(machine: Machine, folder: str) -> None:
    (machine.folder / "empty").mkdir()
    value = machine.envelope("adopt", str(machine.folder / folder), "--yes")
    assert (value["exit_code"], error(value)["code"]) == (2, "env_none")


def test_adopt_wants_a_python_that_runs(machine: Machine) -> None:
    site = machine.site("site")
    python = site / "env" / "bin" / "python"
    python.unlink()
    python.write_text("#!/bin/sh\necho 'libpython is gone' >&2\nexit 127\n")
    python.chmod(0o755)
    value = machine.envelope("adopt", str(site / "env"), "--yes")
    assert error(value)["code"] == "env_broken"
    assert "libpython is gone" in error(value)["message"]


def test_adopt_changes_nothing_without_consent(machine: Machine) -> None:
    import venv

    theirs = machine.folder / "their env"
    venv.create(theirs, with_pip=False, symlinks=True)
    (packages(theirs) / "transformers-4.57.6.dist-info").mkdir()
    before = sorted(p.name for p in theirs.rglob("*"))
    value = machine.envelope("adopt", str(theirs), "--yes", "--site", str(machine.folder / "s"))
    assert error(value)["code"] == "environment_differs"
    assert "torch - →" in error(value)["message"]
    # What is there is kept, so it is not among what would change.
    assert "transformers" not in error(value)["message"]
    assert "--change" in error(value)["hint"]
    assert sorted(p.name for p in theirs.rglob("*")) == before
    assert not (machine.folder / "s").exists()


@pytest.mark.parametrize("verb", ["upgrade", "rollback"])
def test_only_our_own_are_upgraded(machine: Machine, verb: str) -> None:
    machine.conda("lab")
    assert error(machine.envelope(verb, "lab"))["code"] == "env_not_ours"
    assert error(machine.envelope(verb, "nowhere"))["code"] == "env_unknown"


def test_the_list_says_who_made_it(machine: Machine) -> None:
    site = machine.site("site")
    (site / "env" / ".setup-assistant.json").write_text('{"engine": "rattler", "complete": true}')
    (only,) = machine.envelope("list")["data"]["environments"]
    assert (only["backend"], only["complete"]) == ("rattler", True)
    assert "rattler" in machine.run("list").stdout


def test_the_running_one_is_active(machine: Machine) -> None:
    """The environment that this very command runs in is in use, whatever the variables say."""
    site = machine.site("site")
    answers = site / "answers.toml"
    answers.write_text(f"env = {json.dumps(sys.prefix)}\n")
    (only,) = machine.envelope("list")["data"]["environments"]
    assert only["active"] == "sys.prefix"


def test_what_is_put_there_later_is_not_ours(machine: Machine) -> None:
    from setup_assistant.host import paths
    from setup_assistant.site.layout import Layout
    from setup_assistant.steps import uninstall
    from setup_assistant.steps.ledger import Ledger

    site = machine.site("site")
    layout = Layout(site)
    Ledger(layout.ledger).made("environment", layout.env, "folder")
    machine.envelope("remove", "site", "--yes")
    (layout.env / "thesis").mkdir(parents=True)
    assert Ledger(layout.ledger).owned() == []
    items = uninstall.inventory(layout, other_sites=True, own_cache=paths.cache_folder())
    assert layout.env not in {item.path for item in items if item.fate == "remove"}
    # Made again, it is ours again.
    Ledger(layout.ledger).made("environment", layout.env, "folder")
    assert [d["path"] for d in Ledger(layout.ledger).owned()] == [str(layout.env)]


def test_what_a_killed_run_left_beside_it_goes_too(machine: Machine) -> None:
    from setup_assistant.site.layout import Layout
    from setup_assistant.steps import swap
    from setup_assistant.steps.ledger import Ledger

    layout = Layout(machine.site("site"))
    ours, theirs = swap.part(layout.env), swap.old(layout.env)
    for folder in (ours, theirs):
        (folder / "lib").mkdir(parents=True)
    Ledger(layout.ledger).begin()
    Ledger(layout.ledger).made("environment", ours, "folder")
    machine.envelope("remove", "site", "--yes")
    assert (layout.env.exists(), ours.exists(), theirs.exists()) == (False, False, True)


def test_a_removal_that_was_killed_is_ended(machine: Machine) -> None:
    from setup_assistant.site.layout import Layout
    from setup_assistant.steps.ledger import Ledger

    layout = Layout(machine.site("site"))
    ledger = Ledger(layout.ledger)
    ledger.begin()
    ledger.made("environment", layout.env, "folder")
    (layout.env / "pyvenv.cfg").unlink()
    shown = machine.envelope("remove", "site", "--yes", "--dry-run")
    assert (shown["data"]["prefix"], layout.env.exists()) == (str(layout.env), True)
    for _ in range(2):
        assert machine.envelope("remove", "site", "--yes")["exit_code"] == 0
        assert (ledger.owned(), layout.env.exists()) == ([], False)


def test_one_that_another_run_works_at_is_not_removed(machine: Machine) -> None:
    site = machine.site("site")
    with files.exclusive(site / ".lock"):
        refused = machine.envelope("remove", "site", "--yes")
    assert refused["errors"][0]["code"] == "site_busy"
    assert (site / "env").exists()


@pytest.mark.parametrize("verb", ["remove", "upgrade", "activate"])
def test_one_that_was_moved_aside_by_a_killed_run_is_not_gone(machine: Machine, verb: str) -> None:
    site = machine.site("site")
    (site / "env").rename(site / "env.old")
    more = () if verb == "activate" else ("--yes",)
    refused = machine.envelope(verb, "site", *more)
    assert (refused["errors"][0]["code"], refused["exit_code"]) == ("env_unfinished", 3)
    assert f"up --site {site}" in refused["errors"][0]["hint"]
    assert (site / "env.old").is_dir()


@pytest.mark.parametrize("verb", ["env upgrade", "env rollback", "up", "env adopt"])
def test_a_dry_run_ends_nothing(machine: Machine, verb: str) -> None:
    """It names the run that was stopped, and the command that ends it, in order to plan on."""
    site = machine.site("site")
    journal = site / ".next" / "journal.json"
    journal.parent.mkdir()
    journal.write_text('{"state": "building", "in_place": false, "env": ""}')
    (site / "plan.json").write_text("{}")
    (site / "env.next").mkdir()
    words = {"up": ["--site", site], "env adopt": [site / "env", "--site", site]}
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*")}
    done = forked.run(
        *verb.split(), *map(str, words.get(verb, ["site"])), "--dry-run", "--json", "--lang", "en",
        env=machine.environment(), cwd=machine.folder,
    )  # fmt: skip
    refused = json.loads(done.stdout)
    assert (refused["errors"][0]["code"], refused["exit_code"]) == ("env_unfinished", 3)
    assert f"report --site {site}" in refused["errors"][0]["hint"]
    assert {path: path.stat().st_mtime_ns for path in site.rglob("*")} == before
