"""An environment's files, read from outside."""

from __future__ import annotations

import json
import os
import sys
import venv
from pathlib import Path

import pytest

from setup_assistant.doctor.install import Dist
from setup_assistant.host import files, prefix

# As torch's own build writes it, in three ages.
NEW = """from typing import Optional

__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip']
__version__ = '2.15.0+cu132'
debug = False
cuda: Optional[str] = '13.2'
git_version = '0'
hip: Optional[str] = None
"""
PLAIN = "__version__ = '2.8.0'\ndebug = False\ncuda = '12.8'\nhip = None\n"
CPU = "__version__ = '2.8.0'\ndebug = False\ncuda: Optional[str] = None\n"
TYPED = '__version__: str = "2.9.1+cpu"\ncuda = None\n'


def _packages(folder: Path) -> Path:
    found = folder / "lib" / "python3.12" / "site-packages"
    found.mkdir(parents=True)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NEW, prefix.TorchFiles("2.15.0", "cu132")),
        (PLAIN, prefix.TorchFiles("2.8.0", "cu128")),
        (CPU, prefix.TorchFiles("2.8.0", "cpu")),
        (TYPED, prefix.TorchFiles("2.9.1", "cpu")),
        ("debug = False\n", None),
    ],
)
def test_torch(tmp_path: Path, text: str, expected: prefix.TorchFiles | None) -> None:
    (_packages(tmp_path) / "torch").mkdir()
    (prefix.site_packages(tmp_path)[0] / "torch" / "version.py").write_text(text)
    assert prefix.torch(tmp_path) == expected


def test_no_torch_and_the_layout_of_windows(tmp_path: Path) -> None:
    assert prefix.torch(tmp_path) is None
    folder = tmp_path / "Lib" / "site-packages" / "torch"
    folder.mkdir(parents=True)
    (folder / "version.py").write_text(NEW)
    assert prefix.torch(tmp_path) == prefix.TorchFiles("2.15.0", "cu132")


def test_a_real_virtual_environment(tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    assert prefix.kind(tmp_path / "env") == "venv"
    assert prefix.python_version(tmp_path / "env") == ".".join(map(str, sys.version_info[:3]))


def test_a_conda_environment(tmp_path: Path) -> None:
    meta = tmp_path / "conda-meta"
    meta.mkdir()
    assert prefix.kind(tmp_path) is None
    (meta / "history").touch()
    (meta / "python-3.12.4-h1_0.json").write_text(json.dumps({"version": "3.12.4"}))
    (meta / "python-dateutil-2.9-0.json").write_text(json.dumps({"version": "2.9"}))
    assert prefix.kind(tmp_path) == "conda"
    assert prefix.python_version(tmp_path) == "3.12.4"


def test_damaged_records_fall_back_to_the_folder(tmp_path: Path) -> None:
    _packages(tmp_path)
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "conda-meta" / "python-3.12.4-0.json").write_text("{")
    (tmp_path / "pyvenv.cfg").write_bytes(b"\xff")
    assert prefix.python_version(tmp_path) == "3.12"


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("version = 3.11.7\n", "3.11.7"),
        ("version_info = 3.12.4.final.0\n", "3.12.4"),  # uv, virtualenv
        ("version = 3.11\nversion_info = 3.12.4.final.0\n", "3.12.4"),
        ("Version_Info=3.13\n", "3.13"),
        ("version = none\n", "3.9"),
    ],
)
def test_the_settings_of_a_venv_tell_its_python(tmp_path: Path, text: str, version: str) -> None:
    (tmp_path / "lib/python3.9").mkdir(parents=True)
    (tmp_path / "pyvenv.cfg").write_text(text)
    assert prefix.python_version(tmp_path) == version


@pytest.mark.parametrize("way", ["system", "pth"])
def test_packages_that_a_venv_reads_elsewhere(tmp_path: Path, way: str) -> None:
    env, own = tmp_path / "env", _packages(tmp_path / "env")
    theirs = _packages(tmp_path / "base")
    (theirs / "torch-2.8.0.dist-info").mkdir()
    (theirs / "torch").mkdir()
    (theirs / "torch" / "version.py").write_text(PLAIN)
    (tmp_path / "base/lib/python3.13/site-packages").mkdir(parents=True)
    (env / "pyvenv.cfg").write_text(f"home = {tmp_path}/base/bin\n")
    (own / "a.pth").write_text(f"# {theirs}\nimport {theirs}\n{tmp_path}\n/nowhere\n")
    assert prefix.torch(env) is None
    if way == "pth":
        (own / "b.pth").write_text(f"\n{theirs}\n")
    else:
        (env / "pyvenv.cfg").write_text(
            f"home = {tmp_path}/base/bin\ninclude-system-site-packages = true\n"
        )
    assert prefix.search_path(env) == [own, theirs]
    assert prefix.torch(env) == prefix.TorchFiles("2.8.0", "cu128")
    assert prefix.site_packages(env) == [own]


def test_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    base, env = tmp_path / "base", tmp_path / "base" / "envs" / "a"
    env.mkdir(parents=True)
    assert prefix.why_active(env) is None
    monkeypatch.setenv("VIRTUAL_ENV", str(env))
    assert prefix.why_active(env) == "VIRTUAL_ENV"
    (tmp_path / "link").symlink_to(env)
    assert prefix.why_active(tmp_path / "link") == "VIRTUAL_ENV"
    # The folder around it would go with it.
    assert prefix.why_active(base) == "VIRTUAL_ENV"
    assert prefix.why_active(env / "deeper") is None
    monkeypatch.setenv("CONDA_PREFIX", str(base))
    assert prefix.why_active(base) == "CONDA_PREFIX"


def test_the_python_that_runs_this_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.setattr(sys, "base_prefix", "/somewhere/else")
    assert prefix.why_active(Path(sys.prefix)) == "sys.prefix"


def test_no_pipe_in_an_environment_is_waited_for(tmp_path: Path) -> None:
    packages = tmp_path / "lib/python3.12/site-packages"
    info = packages / "torch-2.0.dist-info"
    names = (tmp_path / "pyvenv.cfg", packages / "x.pth", packages / "torch/version.py",
             info / "RECORD", info / "INSTALLER", info / "METADATA")  # fmt: skip
    for path in names:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(path)
    assert prefix.torch(tmp_path) is None
    assert prefix.python_version(tmp_path) == "3.12"
    assert prefix.emptied(tmp_path) == []
    assert Dist(name="torch", version="2.0", info=info).text("METADATA") is None
    with pytest.raises(OSError, match="pipe"):
        files.sha256(info / "RECORD")
