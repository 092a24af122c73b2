"""What `.venv` is and whether it is ready. Read at every start; must parse on an old Python 3."""

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
