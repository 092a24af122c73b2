"""Activation text is pasted into real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from setup_assistant.site import activation
from setup_assistant.site.activation import Shell

CODE = "import os, sys; print(sys.prefix); print(os.environ.get('PYTHONPATH', ''), end='')"
NAMES = ["plain", "有 空格", """it's "q" $HOME `id` \\ !x""", "a tab\there; & *[x]{a,b}?"]


def conda_like(prefix: Path) -> Path:
    """Make the bones of a conda environment: a Python that says its prefix, and a variable."""
    (prefix / "bin").mkdir(parents=True)
    (prefix / "conda-meta").mkdir()
    (prefix / "conda-meta" / "state").write_text('{"env_vars": {"SA_WORD": "two \'words\'"}}')
    scripts = prefix / "etc" / "conda" / "activate.d"
    scripts.mkdir(parents=True)
    (scripts / "hello.sh").write_text("export SA_HELLO=sh\n")
    (scripts / "hello.fish").write_text("set -gx SA_HELLO fish\n")
    program = prefix / "bin" / "python"
    program.write_text('#!/bin/sh\necho "$CONDA_PREFIX"\necho "$PYTHONPATH$SA_WORD$SA_HELLO"\n')
    program.chmod(0o755)
    return prefix


def paste(shell: Shell, text: str, then: str) -> str:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not here")
    done = subprocess.run(
        [program, "-c", f"{text}\n{then}"], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": "/nowhere/else"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "csh"])
def test_a_virtual_environment(tmp_path: Path, shell: Shell, name: str) -> None:
    prefix = tmp_path / name
    import uv

    subprocess.run(
        [uv.find_uv_bin(), "venv", "--quiet", "--relocatable", "--no-project", "--python",
         sys.executable, prefix],
        check=True,
    )  # fmt: skip
    text = activation.activation(prefix, "venv", shell)
    assert paste(shell, text, f'python -c "{CODE}"') == f"{prefix}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_deactivating_gives_pythonpath_back(tmp_path: Path, shell: Shell) -> None:
    prefix = tmp_path / "a space"
    import uv

    subprocess.run(
        [uv.find_uv_bin(), "venv", "--quiet", "--no-project", "--python", sys.executable, prefix],
        check=True,
    )  # fmt: skip
    text = activation.activation(prefix, "venv", shell, restore=True)
    # Activated twice, as people do, and left once; then once more from the beginning.
    then = f"{text}\ndeactivate\necho $PYTHONPATH\n{text}\ndeactivate\necho $PYTHONPATH"
    assert paste(shell, text, then) == "/nowhere/else\n/nowhere/else\n"
    inside = paste(shell, text, f'python -c "{CODE}"')
    assert inside == f"{prefix}\n"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "csh"])
def test_a_conda_environment_without_conda(tmp_path: Path, shell: Shell, name: str) -> None:
    prefix = conda_like(tmp_path / name)
    text = activation.activation(prefix, "conda", shell)
    hello = {"fish": "fish", "csh": ""}.get(shell, "sh")
    assert paste(shell, text, "python") == f"{prefix}\ntwo 'words'{hello}\n"


def test_through_conda_where_it_is(tmp_path: Path) -> None:
    program = tmp_path / "con da"
    program.write_text("#!/bin/sh\necho \"SA_SAID='$1 $2 $3'\"\n")
    program.chmod(0o755)
    text = activation.activation(tmp_path / "an env", "conda", "bash", program)
    assert paste("bash", text, 'echo "$SA_SAID"') == f"shell.posix activate {tmp_path}/an env\n"


def test_windows_shells_quote_in_their_own_way(tmp_path: Path) -> None:
    prefix = tmp_path / "it's 环境"
    assert str(prefix).replace("'", "''") in activation.activation(prefix, "conda", "powershell")
    cmd = activation.activation(prefix, "conda", "cmd")
    assert f'set "CONDA_PREFIX={prefix}"' in cmd
    # A blank before the & would become the value.
    assert 'set "PYTHONPATH=" & call ' in activation.activation(tmp_path, "venv", "cmd")


@pytest.mark.parametrize("shell", ["powershell", "cmd"])
def test_windows_shells_give_pythonpath_back_too(tmp_path: Path, shell: Shell) -> None:
    there = activation.activation(tmp_path, "venv", shell, restore=True)
    back = activation.deactivation(tmp_path, "venv", shell, restore=True)
    assert "_SA_PYTHONPATH" in there
    assert "_SA_PYTHONPATH" in (there.partition("function")[2] if shell == "powershell" else back)
    assert activation.deactivation(tmp_path, "venv", shell) == "deactivate"


def test_powershell_takes_the_text(tmp_path: Path) -> None:
    """Runs where there is a PowerShell: venv's own script is a stand-in of its functions."""
    program = shutil.which("pwsh") or shutil.which("powershell")
    if program is None:
        pytest.skip("PowerShell is not here")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "Activate.ps1").write_text(
        "function Global:deactivate ([switch]$NonDestructive) {\n"
        "if (-not $NonDestructive) { Remove-Item Function:deactivate } }\n"
    )
    text = activation.activation(tmp_path, "venv", "powershell", restore=True)
    script = f'{text}; {text}; "in:$Env:PYTHONPATH"; deactivate; "out:$Env:PYTHONPATH"'
    done = subprocess.run(
        [program, "-NoProfile", "-Command", script], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": "/nowhere/else"},
    )  # fmt: skip
    assert (done.stdout.split(), done.stderr) == (["in:", "out:/nowhere/else"], "")


@pytest.mark.parametrize(
    ("shell", "name"), [("/usr/bin/zsh", "zsh"), ("/bin/fish", "fish"), ("/bin/sh", "bash")]
)
def test_the_shell_in_use(monkeypatch: pytest.MonkeyPatch, shell: str, name: str) -> None:
    monkeypatch.setattr(activation, "_shell_above", lambda: "")
    monkeypatch.setenv("SHELL", shell)
    assert activation.current_shell() == name


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which process is above")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "csh", "tcsh"])
def test_the_shell_is_the_one_above_not_the_login_shell(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not here")
    code = "from setup_assistant.site.activation import current_shell; print(current_shell())"
    done = subprocess.run(
        [shell, "-c", f'"{sys.executable}" -c "{code}"; true'],
        env={**os.environ, "SHELL": "/bin/ksh"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == shell.removeprefix("t")


@pytest.mark.parametrize(
    ("shell", "program", "line"),
    [
        ("bash", "conda", """eval "$('/o/conda' shell.posix activate '/e/q')\""""),
        ("zsh", "mamba", """eval "$('/o/mamba' shell activate --shell zsh '/e/q')\""""),
        ("fish", "micromamba", "'/o/micromamba' shell activate --shell fish '/e/q' | source"),
        ("csh", "conda", "eval `'/o/conda' shell.csh activate '/e/q'`"),
        ("powershell", "mamba", ("& '/o/mamba' shell activate --shell powershell '/e/q' | "
         "Out-String | Invoke-Expression")),
        ("cmd", "micromamba", ("""for /f "delims=" %i in ('"/o/micromamba" shell activate """
         """--shell cmd.exe "/e/q"') do @call "%i\"""")),
    ],
)  # fmt: skip
def test_each_program_is_asked_in_its_own_way(shell: Shell, program: str, line: str) -> None:
    prefix, path = Path("/e/q"), Path("/o") / program
    assert activation.activation(prefix, "conda", shell, path) == line
    ends = f"{'micromamba' if program == 'micromamba' else 'conda'} deactivate"
    assert activation.deactivation(prefix, "conda", shell, path) == ends
    # What these scripts cannot cope with is set by hand, and ends with the shell.
    odd = Path("/e/a$b")
    assert activation.activation(odd, "conda", shell, path) == activation.by_hand(
        odd, shell, "CONDA_PREFIX", "CONDA_DEFAULT_ENV"
    )
    for kind, there in (("conda", path), ("venv", None)):
        assert activation.deactivation(odd, kind, shell, there) == "exit"
    assert activation.deactivation(prefix, "conda", shell) == "exit"
    ended = "exit" if shell == "csh" else "deactivate"
    assert activation.deactivation(prefix, "venv", shell) == ended
