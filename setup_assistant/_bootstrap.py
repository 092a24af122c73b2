"""Make `.venv` on first use and hand over to it. Standard library only.

This module must also *parse* on an old Python 3, so that it can say what is wrong: no syntax
newer than 3.7 here. On every later start it only reads a few small files before it hands over,
so what only the first start needs is in `_bootstrap_make`, and is imported late.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from setup_assistant import _bootstrap_state as state
from setup_assistant._bootstrap_state import OLDEST, VENV, StopError


def main(module: str, extras: tuple[str, ...] = ()) -> None:
    """Run `module` inside `.venv`, making it first where needed; returns once it is inside."""
    try:
        _check_python(module)
        _check_home()
        if not state.in_checkout():
            return
        made = not state.is_ready(extras)
        if made:
            from setup_assistant import _bootstrap_make

            _bootstrap_make.make(extras)
        if made or Path(sys.prefix) != VENV:
            _hand_over(module)
    except StopError as stop:
        from setup_assistant import _bootstrap_words

        sys.exit(_bootstrap_words.tell(stop.key, stop.args_, json=module == "setup_assistant"))
    except KeyboardInterrupt:
        sys.exit(130)


def _check_python(module: str) -> None:
    if sys.version_info < OLDEST:
        from setup_assistant import _bootstrap_newer

        found = ".".join(map(str, sys.version_info[:3]))
        key, command = _bootstrap_newer.advice(module, OLDEST)
        raise StopError(key, oldest="3.10", found=found, command=command)


def _check_home() -> None:
    # Containers and batch systems start processes as users whom the system does not know.
    if not os.environ.get("HOME") and os.path.expanduser("~") in ("~", ""):  # noqa: PTH111
        raise StopError("no_home")


def _hand_over(module: str) -> None:
    # -E: variables that were set for another Python (PYTHONHOME) would stop this one.
    command = [str(state.python()), "-E", "-m", module, *sys.argv[1:]]
    if os.name == "nt":
        import subprocess

        sys.exit(subprocess.call(command))
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell wanted
    except OSError as error:
        detail = error.strerror or str(error)
        raise StopError("readonly", path=str(VENV), detail=detail) from error
