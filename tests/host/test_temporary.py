"""Temporary folders: gone after their block, and after the next one where a run was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from setup_assistant.host import temporary

_KILLED = """\
import os, signal
from setup_assistant.host import temporary
with temporary.folder() as folder:
    (folder / "pins.txt").write_text("torch==2.11.0")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_run_left_goes_with_the_next_and_nothing_else(tmp_path: Path) -> None:
    with temporary.folder(above=tmp_path) as folder:
        number = os.getpid()
        assert folder.stat().st_mode & 0o777 == 0o700
        with temporary.folder(above=tmp_path):
            assert folder.is_dir()  # of a process that lives
    assert not [*tmp_path.iterdir()]

    env = {**os.environ, "TMPDIR": str(tmp_path)}
    killed = subprocess.run([sys.executable, "-c", _KILLED], env=env, check=False)
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    (gone,) = (p for p, _proof in temporary.left(above=tmp_path))
    assert gone == left
    dead = left.name.split("-")[2]
    theirs = [tmp_path / name for name in (
        f"setup-assistant-{number}-abcdefgh",  # of a process that lives
        f"setup-assistant-{dead}-thesis",
        "setup-assistant-tests-abcdefgh",
        f"other-{dead}-abcdefgh",
    )]  # fmt: skip
    for path in theirs:
        path.mkdir()
    (tmp_path / "home").mkdir()
    link = tmp_path / f"setup-assistant-{dead}-ijklmnop"
    link.symlink_to(tmp_path / "home")
    (tmp_path / f"setup-assistant-{dead}-qrstuvwx").write_text("a file")
    with temporary.folder(above=tmp_path):
        assert not left.exists()
    assert all(path.is_dir() for path in theirs)
    assert len([*tmp_path.iterdir()]) == len(theirs) + 3
