"""The first start: on a bare Python, with `venv` missing, on an old Python, half made."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from setup_assistant import _bootstrap_make, _bootstrap_words
from setup_assistant._bootstrap_state import StopError

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of the sources without `.venv`, as a fresh clone has them."""
    folder = tmp_path / "clone with 空格"
    folder.mkdir()
    shutil.copytree(ROOT / "setup_assistant", folder / "setup_assistant",
                    ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "recipes").mkdir()
    return folder


def _start(checkout: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(checkout), **variables}
    return subprocess.run(
        [sys.executable, "-S", "-c", code], env=env, capture_output=True, text=True,
        timeout=900, check=False, cwd=checkout,
    )  # fmt: skip


MAIN = "from setup_assistant import _bootstrap as b; b.main('setup_assistant')"


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_missing_venv_is_named_with_the_command_that_mends_it(
    checkout: Path, module: str
) -> None:
    done = _start(checkout, f"import sys; sys.modules[{module!r}] = None; {MAIN}")
    assert done.returncode == 4
    assert f"its module {module} is missing" in done.stderr
    assert "install" in done.stderr.splitlines()[-1] or "ensurepip" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (checkout / ".venv").exists()
    assert "15 s" not in done.stderr


def test_an_old_python_is_told_so_in_both_languages(checkout: Path) -> None:
    code = f"import sys; sys.version_info = (3, 8, 10, 'final', 0); {MAIN}"
    done = _start(checkout, code)
    assert done.returncode == 4
    assert "needs Python 3.10 or newer; this is Python 3.8.10" in done.stderr
    chinese = _start(checkout, code, LANG="zh_CN.UTF-8", PYTHONIOENCODING="utf-8")
    assert "需要 Python 3.10" in chinese.stderr


def test_a_folder_that_cannot_be_written_is_named(checkout: Path) -> None:
    (checkout / ".venv").write_text("a file in the way")
    (checkout / ".venv.lock").mkdir()
    done = _start(checkout, MAIN)
    assert done.returncode == 4
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize("version", ["3.6.9", "3.9.2"])
def test_json_gets_an_envelope_before_there_is_an_environment(checkout: Path, version: str) -> None:
    number = tuple(map(int, version.split(".")))
    code = f"import sys; sys.version_info = {number!r}; sys.argv[1:] = ['env', 'list', '--json']; "
    done = _start(checkout, code + MAIN)
    said = json.loads(done.stdout)
    assert (said["schema"], said["command"]) == ("setup-assistant/1", "env list")
    assert (said["status"], said["exit_code"], done.returncode) == ("error", 4, 4)
    assert said["errors"][0]["code"] == "python_too_old"
    assert done.stderr == ""


def _stand_in(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_an_old_python_is_told_of_a_newer_one_that_starts_else_how_to_get_one(
    checkout: Path, tmp_path: Path
) -> None:
    code = f"import sys; sys.version_info = (3, 9, 2); {MAIN}"
    _stand_in(tmp_path / "bin", "python3.14", "exit 127")  # a version manager's, of none
    bare = _start(checkout, code, PATH=str(tmp_path / "bin"))
    assert "bin/uv run --no-project --python 3.12 python -m setup_assistant" in bare.stderr
    _stand_in(tmp_path / "bin", "apt-get", "exit 1")
    debian = _start(checkout, f"import sys; sys.modules['ensurepip'] = None; {code}",
                    PATH=str(tmp_path / "bin"))  # fmt: skip
    assert "run it: sudo apt install python3-venv && " in debian.stderr
    assert "sudo" not in _start(checkout, code, PATH=str(tmp_path / "bin")).stderr
    _stand_in(tmp_path / "bin", "dnf", "exit 1")
    assert "sudo dnf install python3.12 &&" in (
        _start(checkout, code, PATH=str(tmp_path / "bin")).stderr
    )
    _stand_in(tmp_path / "bin", "uv", "exit 1")
    assert "-> No newer one was found here. Get one and run it: uv run" in (
        _start(checkout, code, PATH=str(tmp_path / "bin")).stderr
    )
    _stand_in(tmp_path / "bin", "python3.11", "exit 0")
    assert "-> A newer one is here. Run: python3.11 -m setup_assistant\n" in (
        _start(checkout, code, PATH=str(tmp_path / "bin")).stderr
    )


@pytest.mark.skipif(os.name == "nt", reason="HOME is POSIX's")
def test_a_user_without_a_home_folder_is_told_to_name_one(checkout: Path) -> None:
    code = f"import os, pwd; pwd.getpwuid = lambda _uid: {{}}[0]; del os.environ['HOME']; {MAIN}"
    done = _start(checkout, code, HOME="/any")
    assert done.returncode == 2
    assert "export HOME=" in done.stderr


_IN_VAIN = "ERROR: No matching distribution found for uv==1"


@pytest.mark.parametrize(
    ("said", "key", "status"),
    [
        ("x\nERROR: Could not install: [Errno 28] No space left on device", "disk_full", 3),
        ("WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\n"
         + _IN_VAIN, "unreachable", 3),
        (_IN_VAIN, "not_offered", 1),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "hashes", 1),
        ("The environment was not created because ensurepip is not available", "no_venv", 4),
        ("Segmentation fault", "failed", 1),
    ],
)  # fmt: skip
def test_failures_of_the_first_start_are_told_apart(said: str, key: str, status: int) -> None:
    code = f"import sys; sys.stderr.write({said!r}); sys.exit(1)"
    with pytest.raises(StopError) as caught:
        _bootstrap_make._child([sys.executable, "-c", code])
    assert caught.value.key == key
    assert _bootstrap_words.tell(key, caught.value.args_, json=False) == status


@pytest.mark.e2e
def test_an_index_that_cannot_be_reached_is_named_and_the_password_in_it_is_not(
    checkout: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "setup_assistant", "up", "--json"], cwd=checkout,
        env={**os.environ, "PIP_INDEX_URL": "http://me:hunter22@127.0.0.1:9/simple",
             "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0", "PIP_FIND_LINKS": ""},
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert (done.returncode, said["status"]) == (3, "partial")
    assert said["errors"][0]["code"] == "packages_unreachable"
    assert "hunter22" not in done.stdout + done.stderr


def _wheel(index: Path, name: str, version: str) -> None:
    """Add a wheel to an index in a folder, which tells itself when it is imported."""
    folder = index / name
    folder.mkdir(parents=True, exist_ok=True)
    wheel, info = f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / wheel, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('another index took over')")
        archive.writestr(f"{info}/METADATA",
                         f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")  # fmt: skip
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256((folder / wheel).read_bytes()).hexdigest()
    with (folder / "index.html").open("a") as page:
        page.write(f'<a href="{wheel}#sha256={digest}">{wheel}</a>\n')


@pytest.mark.e2e
def test_an_additional_index_cannot_replace_a_package(checkout: Path, tmp_path: Path) -> None:
    locked = (ROOT / "setup_assistant/locks/runtime.txt").read_text()
    for name in ("click", "uv", "rich"):
        found = re.search(rf"^{name}==(\S+)", locked, re.MULTILINE)
        assert found
        for version in (found[1], found[1] + "+local", "999.0"):
            _wheel(tmp_path / "index", name, version)
    done = subprocess.run(
        [sys.executable, "-m", "setup_assistant", "--version"], cwd=checkout,
        env={**os.environ, "PIP_EXTRA_INDEX_URL": (tmp_path / "index").as_uri(), "PIP_USER": "1"},
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    command = checkout / ".venv/bin/setup-assistant"
    # What a shell has set for another Python stops neither the command nor what it starts.
    hostile = {**os.environ, "PYTHONHOME": "/nowhere", "PYTHONHASHSEED": "x", "PYTHONUTF8": "2"}
    again = subprocess.run([command, "--version"], cwd=tmp_path, env=hostile, capture_output=True,
                           text=True, check=False, timeout=600)  # fmt: skip
    assert (again.stdout, again.stderr) == (done.stdout, "")
    # Its Python is another one now, as after an upgrade of the distribution.
    stamp = checkout / ".venv/.setup-assistant-stamp"
    here = f"python:{sys.version_info[0]}.{sys.version_info[1]}"
    stamp.write_text(stamp.read_text().replace(here, "python:3.99"))
    healed = subprocess.run([command, "--version"], cwd=tmp_path, capture_output=True, text=True,
                            check=False, timeout=900)  # fmt: skip
    assert healed.stdout == done.stdout, healed.stderr
    assert {here, "python:3.99"} <= set(stamp.read_text().split())


@pytest.mark.e2e
def test_a_fresh_clone_starts_and_a_half_made_environment_is_made_again(checkout: Path) -> None:
    command = [sys.executable, "-m", "setup_assistant", "--version"]
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    # As container images set it: what is installed is compiled all the same, or every start
    # would read a hundred modules from source.
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env.pop("PYTHONPYCACHEPREFIX", None)
    first = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True,
                           timeout=900, check=False)  # fmt: skip
    assert first.returncode == 0, first.stderr
    assert "version" in first.stdout
    assert (checkout / ".venv").is_dir()
    assert list((checkout / ".venv").glob("lib/python3*/site-packages/click/__pycache__/core.*"))
    assert list((checkout / "setup_assistant/cli/__pycache__").glob("app.*.pyc"))
    (checkout / ".venv" / ".setup-assistant-stamp").unlink()
    shutil.rmtree(next((checkout / ".venv").glob("lib/python3*")))
    again = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True,
                           timeout=900, check=False)  # fmt: skip
    assert again.returncode == 0, again.stderr
    third = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True,
                           timeout=900, check=False)  # fmt: skip
    assert third.stderr == ""
    assert third.stdout == first.stdout


def test_the_bootstrap_uses_the_standard_library_only() -> None:
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "import setup_assistant._bootstrap_make, setup_assistant._bootstrap_newer\n"
        "import setup_assistant.host.secrets\n"
        "ours = {m.partition('.')[0] for m in sys.modules}\n"
        "print(sorted(ours - set(sys.stdlib_module_names) - {'setup_assistant', '__main__'}))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True,
                          timeout=600, check=True)  # fmt: skip
    assert done.stdout.strip() == "[]"
