"""Python interpreters on this machine, by version."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.host import run

_ASK_SECONDS = 10.0


def find(minor: str) -> Path | None:
    """Return an interpreter of a version such as "3.12", or None.

    The one that runs this tool comes first, then PATH, then pyenv's. Each is asked, since
    pyenv's names on PATH exist for versions that they refuse to start.
    """
    if minor == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return Path(getattr(sys, "_base_executable", None) or sys.executable)
    return next((path for path in _candidates(minor) if _is(path, minor)), None)


def _candidates(minor: str) -> Iterator[Path]:
    name = f"python{minor}"
    for folder in os.get_exec_path():
        if on_path := shutil.which(name, path=folder):
            yield Path(on_path)
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(root.glob(f"versions/{minor}.*/bin/{name}"), reverse=True)


def _is(program: Path, minor: str) -> bool:
    outcome = run.run([program, "-I", "-c", "import sys; print(*sys.version_info[:2])"],
                      deadline=_ASK_SECONDS)  # fmt: skip
    return outcome.ok and outcome.out.split() == minor.split(".")[:2]
