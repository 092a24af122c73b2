"""The first start: on a bare Python, with `venv` missing, on an old Python, half made."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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
        timeout=120, check=False, cwd=checkout,
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


@pytest.mark.e2e
def test_a_fresh_clone_starts_and_a_half_made_environment_is_made_again(checkout: Path) -> None:
    command = [sys.executable, "-m", "setup_assistant", "--version"]
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    # As container images set it: what is installed is compiled all the same, or every start
    # would read a hundred modules from source.
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env.pop("PYTHONPYCACHEPREFIX", None)
    first = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True,
                           timeout=300, check=False)  # fmt: skip
    assert first.returncode == 0, first.stderr
    assert "version" in first.stdout
    assert (checkout / ".venv").is_dir()
    assert list((checkout / ".venv").glob("lib/python3*/site-packages/click/__pycache__/core.*"))
    assert list((checkout / "setup_assistant/cli/__pycache__").glob("app.*.pyc"))
    (checkout / ".venv" / ".setup-assistant-stamp").unlink()
    shutil.rmtree(next((checkout / ".venv").glob("lib/python3*")))
    again = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True,
                           timeout=300, check=False)  # fmt: skip
    assert again.returncode == 0, again.stderr
    third = subprocess.run(command, cwd=checkout, env=env, capture_output=True, text=True,
                           timeout=300, check=False)  # fmt: skip
    assert third.stderr == ""
    assert third.stdout == first.stdout


def test_the_bootstrap_uses_the_standard_library_only() -> None:
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "import setup_assistant._bootstrap, setup_assistant.host.pip_settings\n"
        "ours = {m.partition('.')[0] for m in sys.modules}\n"
        "print(sorted(ours - set(sys.stdlib_module_names) - {'setup_assistant', '__main__'}))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True,
                          timeout=60, check=True)  # fmt: skip
    assert done.stdout.strip() == "[]"
