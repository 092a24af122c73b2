"""The agent: one file that is this tool, on any Python that may come."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest
from packaging.requirements import Requirement

from setup_assistant.agent import build
from setup_assistant.agent.inside import start
from tests.built import ROOT


def test_what_says_that_python_is_too_old_is_understood_by_old_pythons() -> None:
    ast.parse(Path(start.__file__).read_text(), feature_version=(3, 7))


def test_it_carries_whatever_this_tool_depends_on() -> None:
    """A package that is imported late is missed on a host only, by the verb that needs it."""
    declared = msgspec.toml.decode((ROOT / "pyproject.toml").read_bytes())
    names = {Requirement(r).name for r in declared["project"]["dependencies"]}
    # Nobody is asked on a host; uv goes along where environments are made, tomli for 3.10.
    assert names - {"questionary", "uv", "tomli"} == {*build._PURE, *build._COMPILED}


def test_what_a_power_cut_left_of_it_is_unpacked_anew(tmp_path: Path) -> None:
    """Files of the right size that hold zeros are looked for once after each start."""
    agent = tmp_path / "agent-0123456789ab.pyz"
    with zipfile.ZipFile(agent, "w") as archive:
        archive.writestr("common/part.py", "whole = True\n")
        archive.writestr(f"{start._tag()}/other.py", "")
    home, fresh = start.unpack(agent)
    assert fresh
    part = home / "common/part.py"

    def cut() -> None:
        part.write_bytes(b"\0" * part.stat().st_size)

    cut()
    assert start.unpack(agent) == (home, True)
    assert part.read_text() == "whole = True\n"
    assert start.unpack(agent) == (home, False)
    cut()
    (home / start.CHECKED).write_text("an earlier start")
    assert start.unpack(agent) == (home, True)
    assert part.read_text() == "whole = True\n"
    assert start.unpack(agent) == (home, False)


@pytest.mark.e2e
def test_it_runs_by_itself_and_names_its_contents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build.build()
    assert build.build() == first
    names = zipfile.ZipFile(first.path).namelist()
    for name in ("setup_assistant/cli/app.py", "setup_assistant/recipes/torch.toml",
                 "click/__init__.py"):  # fmt: skip
        assert f"common/{name}" in names
    here = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    assert any(n.startswith(f"{here}-") and "/msgspec/" in n for n in names)
    assert not any("pygments" in n or "__pycache__" in n for n in names)
    assert first.path.stat().st_size < 20e6
    # The same contents give the same name, wherever they are packed.
    monkeypatch.setenv("SETUP_ASSISTANT_CACHE", str(tmp_path / "other"))
    second = build.build()
    assert (second.name, second.path == first.path) == (first.name, False)
    moved = tmp_path / "here" / first.name
    moved.parent.mkdir()
    moved.write_bytes(second.path.read_bytes())
    command = [sys.executable, "-I", "-S", str(moved), "probe", "--no-sources", "--json"]
    env = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=env, timeout=900, check=False
    )
    assert json.loads(done.stdout)["exit_code"] == 0, done.stderr
    assert moved.with_suffix("").is_dir()
    bare = tmp_path / "here" / "agent-bare.pyz"
    with zipfile.ZipFile(moved) as source, zipfile.ZipFile(bare, "w") as target:
        for name in source.namelist():
            if not name.startswith(here):
                target.writestr(name, source.read(name))
    done = subprocess.run([sys.executable, str(bare), "probe"], capture_output=True, text=True,
                          env=env, timeout=600, check=False)  # fmt: skip
    assert done.returncode == 4
    assert f"no packages for this Python: {here}-" in done.stderr
