"""What the person's folder, variables and account make of an environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from setup_assistant.doctor.case import TORCH_ONLY, Case
from setup_assistant.doctor.check import Trouble
from setup_assistant.doctor.gather import gather, opened
from setup_assistant.doctor.reason import why
from setup_assistant.doctor.surroundings_check import explains, look
from setup_assistant.host.prefix import closed
from tests.doctor.body import skip_where_the_system_has
from tests.doctor.test_cuda import NOBODY
from tests.doctor.test_watch import package


@pytest.fixture
def env(tmp_path: Path) -> Path:
    """An environment of a real Python with a torch that reads what torch reads."""
    prefix = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "uv", "-q", "venv", "--python", sys.executable,
                    str(prefix)], check=True)  # fmt: skip
    home = next(prefix.glob("lib/python3*/site-packages"))
    (home / "torch").mkdir()
    text = "import os, queue, numpy\nassert os.environ.get('TORCH_LOGS') != 'everything', 'bad'\n"
    (home / "torch" / "__init__.py").write_text(text)
    (home / "torch" / "version.py").write_text("__version__ = '2.9.0'\n")
    (home / "numpy.py").write_text("")
    return prefix


def case_of(env: Path, cwd: Path, **variables: str) -> Case:
    case = Case(machine=NOBODY, prefix=env, folder=None, variables={**os.environ, **variables},
                root=Path("/"), cwd=cwd, purpose=TORCH_ONLY)  # fmt: skip
    return gather(opened(case), ("surroundings",))


def seen(env: Path, cwd: Path, **variables: str) -> object:
    return look(case_of(env, cwd, **variables))


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("queue.py", "x = 1\n", "live-shadowed"),
        ("numpy.py", "raise RuntimeError('mine')\n", "live-shadowed"),
        ("torch/__init__.py", "", "live-shadowed"),
        ("tokenize.py", "print('mine')\n", "live-shadowed"),
        ("utils.py", "", None),
    ],
)
def test_a_file_beside_the_script(
    env: Path, tmp_path: Path, name: str, text: str, wanted: str | None
) -> None:
    work = tmp_path / "work"
    (work / name).parent.mkdir(parents=True)
    (work / name).write_text(text)
    found = seen(env, work)
    assert (found.id if isinstance(found, Trouble) else found) == wanted
    if isinstance(found, Trouble):
        assert str(found.values["file"]) == str(work / name)


def test_the_one_variable_is_found(env: Path, tmp_path: Path) -> None:
    found = seen(env, tmp_path, TORCH_LOGS="everything", HF_HUB_OFFLINE="1", LAB_A="1", LAB_B="2")
    assert isinstance(found, Trouble)
    assert (found.id, found.values["variable"]) == ("live-variable-breaks", "TORCH_LOGS")
    assert found.commands == ("unset TORCH_LOGS",)


def test_what_a_variable_leads_to_is_not_said_again_of_a_package(env: Path, tmp_path: Path) -> None:
    case = case_of(env, tmp_path, TORCH_LOGS="everything")
    assert case.surroundings is not None
    said = case.surroundings.person.error
    assert said == "AssertionError: bad"
    assert explains(case, (said,))
    assert not explains(case, ("AssertionError: another",))
    assert not explains(case_of(env, tmp_path), (said,))
    (next(env.glob("lib/python3*/site-packages")) / "numpy.py").write_text("assert False, 'bad'\n")
    assert not explains(case_of(env, tmp_path, TORCH_LOGS="everything"), (said,))


def test_a_folder_of_pythonpath(env: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    (old / "numpy").mkdir(parents=True)
    (old / "numpy" / "__init__.py").write_text("")
    found = seen(env, tmp_path, PYTHONPATH=str(old))
    assert isinstance(found, Trouble)
    assert (found.id, found.values["folder"]) == ("live-pythonpath", str(old))
    (old / "numpy" / "__init__.py").write_text("import numpy.part\n")
    (old / "numpy" / "part.py").write_text("raise ImportError('of another day')\n")
    found = seen(env, tmp_path, PYTHONPATH=str(old))
    assert isinstance(found, Trouble)
    assert found.values == {"package": "numpy", "folder": str(old)}


STALE = "import sys; sys.path.insert(0, {stale!r})\n"
REFUSED = """import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "num" + "py": raise ImportError("not here")
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize(("name", "text"), [("b.pth", STALE), ("sitecustomize.py", REFUSED)])
def test_a_hook_is_found_by_running_each_alone(
    env: Path, tmp_path: Path, name: str, text: str
) -> None:
    skip_where_the_system_has(name)
    stale = tmp_path / "stale"
    (stale / "numpy").mkdir(parents=True)
    (stale / "numpy" / "__init__.py").write_text("")
    home = next(env.glob("lib/python3*/site-packages"))
    (home / "a.pth").write_text("import sys  # numpy\n")
    (home / name).write_text(text.replace("{stale!r}", repr(str(stale))))
    found = seen(env, tmp_path)
    assert isinstance(found, Trouble)
    assert (found.id, found.values["file"]) == ("live-startup-hides", str(home / name))
    (command,) = found.commands
    subprocess.run(command, shell=True, check=True)
    assert seen(env, tmp_path) is None


def test_a_hook_of_the_home(env: Path, tmp_path: Path) -> None:
    settings = env / "pyvenv.cfg"
    text = settings.read_text().replace("site-packages = false", "site-packages = true")
    settings.write_text(text)
    base = tmp_path / "base"
    folder = base / next(env.glob("lib/python3*/site-packages")).relative_to(env)
    folder.mkdir(parents=True)
    (folder / "usercustomize.py").write_text("import sys\nsys.modules['numpy'] = None\n")
    found = seen(env, tmp_path, PYTHONUSERBASE=str(base))
    assert isinstance(found, Trouble)
    assert (found.id, found.values["package"]) == ("live-startup-hides", "numpy")
    assert found.commands == ("export PYTHONNOUSERSITE=1",)


def test_a_module_that_torch_writes_anew_each_time_is_well(
    env: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    home = next(env.glob("lib/python3*/site-packages"))
    text = ("import sys, tempfile\nfolder = tempfile.mkdtemp()\nsys.path.append(folder)\n"
            "open(f'{folder}/_remote.py', 'w').close()\nimport _remote\n")  # fmt: skip
    (home / "torch" / "__init__.py").write_text(text)
    assert seen(env, tmp_path) is None


def test_a_package_under_development_is_well(env: Path, tmp_path: Path) -> None:
    source = tmp_path / "src" / "mine"
    source.mkdir(parents=True)
    (source / "__init__.py").write_text("")
    home = next(env.glob("lib/python3*/site-packages"))
    (home / "mine.pth").write_text(f"{source.parent}\n")
    assert seen(env, tmp_path, PYTHONUNBUFFERED="1") is None


@pytest.mark.parametrize(
    ("asks", "sound", "cause", "command"),
    [
        ("", True, "plugin-broken", "uninstall"),
        ("Provides-Extra: x\n", True, "dependency-version", "numba"),
        ("Requires-Dist: torch_npu\n", True, None, ""),
        ("Requires-Dist: torch_npu\n", False, "files-missing", "install"),
    ],
)
def test_the_package_of_the_innermost_frame(
    env: Path, tmp_path: Path, asks: str, sound: bool, cause: str | None, command: str
) -> None:
    home = next(env.glob("lib/python3*/site-packages"))
    (home / "numpy.py").write_text("import torch_npu\n")
    package(env, "torch_npu", "import torch_npu.missing\n")
    if not sound:
        (home / "torch_npu" / "__init__.py").write_text("import odd\n")
    if cause == "dependency-version":
        info = home / "torch_npu-1.0.dist-info" / "METADATA"
        info.write_text("Name: torch_npu\nRequires-Dist: numba\n\n")
    (home / "torch-2.9.0.dist-info").mkdir()
    (home / "torch-2.9.0.dist-info" / "METADATA").write_text(f"Name: torch\n{asks}\n")
    found = why(case_of(env, tmp_path), "package-missing", ())
    assert (found.cause if found else None) == cause
    if found:
        assert f" {command} " in f"{found.commands[0]} "
        assert "torch-npu" in f"{found.commands[0]} {dict(found.evidence)}"


@pytest.mark.parametrize(
    ("text", "wanted"), [("import missing_driver\n", "live-plugin-broken"), ("x = 1\n", None)]
)
def test_what_triton_imports_for_others(
    env: Path, tmp_path: Path, text: str, wanted: str | None
) -> None:
    home = next(env.glob("lib/python3*/site-packages"))
    package(env, "triton", "")
    loads = ("from importlib.metadata import entry_points\n"
             "every = [e.load() for e in entry_points(group='triton.backends')]\n")  # fmt: skip
    (home / "triton" / "backends.py").write_text(loads)
    for name, offered in (("triton", "own = json\n"), ("triton_xpu", "xpu = triton_xpu\n")):
        if name != "triton":
            package(env, name, text)
        info = home / f"{name}-1.0.dist-info" / "entry_points.txt"
        info.write_text(f"[triton.backends]\n{offered}")
    found = seen(env, tmp_path)
    assert (found.id if isinstance(found, Trouble) else found) == wanted
    if isinstance(found, Trouble):
        assert found.values["package"] == "triton-xpu 1.0"
        assert " uninstall " in found.commands[0]


@pytest.mark.parametrize("asks", ["from numpy import new", "import numpy; numpy.new"])
def test_a_package_that_lacks_a_name_since_it_is_half_of_another_release(
    env: Path, tmp_path: Path, asks: str
) -> None:
    home = next(env.glob("lib/python3*/site-packages"))
    (home / "numpy.py").unlink()
    source = package(env, "numpy", "new = 1\n")
    (home / "torch" / "__init__.py").write_text(asks)
    assert look(case_of(env, tmp_path)) is None
    source.write_text("old = 1\n")
    found = why(case_of(env, tmp_path), "import-failed", ())
    assert found is not None
    assert found.evidence[0][0] == str(source)
    assert "reinstall" in found.commands[0]
    assert "numpy==1.0" in found.commands[0]


def test_a_package_that_lost_a_part_of_its_own(env: Path, tmp_path: Path) -> None:
    home = next(env.glob("lib/python3*/site-packages"))
    (home / "numpy.py").unlink()
    package(env, "numpy", "import numpy.core.deep\n")
    record = home / "numpy-1.0.dist-info" / "RECORD"
    assert why(case_of(env, tmp_path), "import-failed", ()) is None
    record.write_text(record.read_text() + "numpy/core/deep.py,sha256=x,7\n")
    found = why(case_of(env, tmp_path), "import-failed", ())
    assert found is not None
    assert found.evidence == ((str(home / "numpy/core/deep.py"), "absent"),)
    assert "numpy==1.0" in found.commands[0]


def test_an_edited_source_behind_a_wrong_answer(env: Path, tmp_path: Path) -> None:
    source = package(env, "transformers", "x = 1\n")
    case = case_of(env, tmp_path)
    assert why(case, "wrong-answer", ()) is None
    source.write_text("x = 2\n")
    found = why(case, "wrong-answer", ())
    assert found is not None
    assert found.evidence[0][0] == str(source)
    assert "transformers==1.0" in found.commands[0]
    assert why(case, "decoder-missing", ()) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="another account is needed")
def test_an_interpreter_behind_a_closed_home_is_a_failure(env: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    env.rename(home / "env")
    (tmp_path / "link").symlink_to(home / "env")
    pid = os.fork()
    if pid == 0:
        os.setuid(65534)
        # pytest's own folders above may be closed, too.
        os._exit(0 if closed(tmp_path / "link" / "bin" / "python") else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert closed(home / "env" / "bin" / "python") is None
