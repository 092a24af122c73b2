"""Make `.venv` on first use and hand over to it. Standard library only.

This module must also *parse* on an old Python 3, so that it can say what is wrong: no syntax
newer than 3.7 here. On every later start it only reads a few small files before it hands over,
so what only the first start needs is in `_bootstrap_make`, and is imported late.
"""

from __future__ import annotations

import os
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".setup-assistant-stamp"
LOCKS = ROOT / "setup_assistant" / "locks"
OLDEST = (3, 10)


class StopError(Exception):
    """Setting up cannot go on: a sentence and its remedy, by key."""

    def __init__(self, key: str, **args: str) -> None:
        super().__init__(key)
        self.key, self.args_ = key, args


def in_checkout() -> bool:
    """Whether this is a source tree (which makes its own .venv) or an installed package."""
    return (ROOT / "pyproject.toml").is_file() and (ROOT / "recipes").is_dir()


def main(module: str, extras: tuple[str, ...] = ()) -> None:
    """Run `module` inside `.venv`, making it first where needed; returns once it is inside."""
    try:
        _check_python(module)
        _check_home()
        if not in_checkout():
            return
        made = not is_ready(extras)
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


def is_ready(extras: tuple[str, ...]) -> bool:
    """Whether `.venv` has what the locks name, for the Python that it starts with."""
    # `access`, not `exists`: the .venv may be another account's, closed to this one.
    if not os.access(str(python()), os.X_OK):
        return False
    there = stamped()
    # Which Python that is shows only inside: a distribution's upgrade, or the other computer of
    # a shared home folder, puts another one behind the same link.
    inside = Path(sys.prefix) == VENV
    wanted = {token(name) for name in ("runtime", *extras)}
    return wanted <= there and (not inside or python_token() in there)


def stamped() -> set[str]:
    """Return what the stamp says is installed: one token for each lock and each Python."""
    try:
        return set(STAMP.read_text().split())
    except (OSError, UnicodeDecodeError):
        return set()


def token(name: str) -> str:
    """Return a lock's token: it changes with the lock, and the runtime's with the place too.

    A `.venv` that was moved points to where it was.
    """
    text = lock(name).read_bytes()
    if name == "runtime":
        text += str(ROOT).encode()
    # No secret hangs on it, and hashlib would load OpenSSL first.
    return f"{name}:{zlib.crc32(text):08x}{zlib.adler32(text):08x}"


def python_token() -> str:
    """Return the token of this Python, whose packages lie in a folder of its own."""
    return f"python:{sys.version_info[0]}.{sys.version_info[1]}"


def lock(name: str) -> Path:
    """Return the file with the pinned and hashed packages of an extra, or of the `runtime`."""
    return LOCKS / f"{name}.txt"


def python() -> Path:
    """Return the interpreter of `.venv`."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _hand_over(module: str) -> None:
    command = [str(python()), "-m", module, *sys.argv[1:]]
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
