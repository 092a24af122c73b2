"""How to get a newer Python than the one that was started. Must parse on an old Python 3, too."""

from __future__ import annotations

import os
import subprocess
import sys

_WITH_UV = "run --no-project --python 3.12 python -m "
# The distributions whose package managers have a newer Python beside their own.
_PACKAGES = (
    ("brew", "brew install python@3.12", "python3.12"),
    ("winget", "winget install Python.Python.3.12", "py -3.12"),
    ("dnf", "sudo dnf install python3.12", "python3.12"),
    ("zypper", "sudo zypper install python312", "python3.12"),
)


def advice(module: str, oldest: tuple[int, int]) -> tuple[str, str]:
    """Return which sentence helps here, and its command.

    That is a newer Python that is here already; else one from the package manager, or from uv,
    which needs no administrator.
    """
    from shutil import which

    for minor in range(20, oldest[1] - 1, -1):
        name = f"python3.{minor}"
        if which(name) and _runs(name):
            return "old_here", f"{name} -m {module}"
    if which("uv"):
        return "old_get", "uv " + _WITH_UV + module
    for manager, install, python in _PACKAGES:
        if which(manager):
            return "old_get", f"{install} && {python} -m {module}"
    if os.name == "nt":
        return "old_get", "py -m pip install --user uv && py -m uv " + _WITH_UV + module
    uv = "~/.local/share/uv-for-setup"
    made = f"{os.path.basename(sys.executable)} -m venv {uv} && {uv}/bin/pip install uv"  # noqa: PTH119
    return "old_get", f"{_first()}{made} && {uv}/bin/uv {_WITH_UV}{module}"


def _first() -> str:
    """Return the command that a Debian needs first, whose Python cannot make environments."""
    from shutil import which

    try:
        import ensurepip  # noqa: F401
    except ImportError:
        return "sudo apt install python3-venv && " if which("apt-get") else ""
    return ""


def _runs(name: str) -> bool:
    """Whether it is a Python that starts; a name on PATH may be a version manager's stand-in."""
    command = [name, "-I", "-c", "import venv, ensurepip"]
    try:
        return subprocess.call(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) == 0
    except OSError:
        return False
