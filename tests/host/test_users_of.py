"""Programs that run from a folder are seen."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from setup_assistant.host.users_of import users_of


def test_a_program_that_runs_from_it(tmp_path: Path) -> None:
    used, unused = tmp_path / "一 used", tmp_path / "unused"
    for folder in (used, unused):
        venv.create(folder, with_pip=False, symlinks=True)
    with subprocess.Popen(
        [used / "bin" / "python", "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        found = users_of([used, unused])
        assert [u.pid for u in found[used]] == [child.pid]
        assert found[unused] == ()
        child.communicate("\n")
    assert users_of([used]) == {used: ()}


def test_a_library_that_is_loaded_from_it(tmp_path: Path) -> None:
    import shutil

    from msgspec import _core  # the standard library's own may be built into the interpreter

    library = tmp_path / "core_copy.so"
    shutil.copy(_core.__file__, library)
    code = f"import ctypes; ctypes.CDLL({str(library)!r}); print('up', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"
        assert [u.pid for u in users_of([tmp_path])[tmp_path]] == [child.pid]
        child.communicate("\n")


def test_no_folder_no_look() -> None:
    assert users_of([]) == {}
