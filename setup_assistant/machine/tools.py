"""Programs this tool may use: Python, conda and its kin, uv, nvidia-smi.

Versions come from files where possible: `conda --version` alone takes half a second.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.host import run
from setup_assistant.machine import smi_live
from setup_assistant.machine.facts import Tool

# Folders that the installers of conda and mamba propose, below the home folder or fixed.
_ROOTS = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", "conda")
_FIXED = ("/opt/conda", "/opt/miniconda3", "/opt/anaconda3", "/opt/miniforge3")
_NAMED = {"conda": "CONDA_EXE", "mamba": "MAMBA_EXE", "micromamba": "MAMBA_EXE"}


def read(deadline: float) -> Iterator[Tool]:
    """Yield the tools that were found; a child is asked for `deadline` seconds at most."""
    yield Tool(name="python", path=sys.executable, version=".".join(map(str, sys.version_info[:3])))
    if tool := _uv(deadline):
        yield tool
    for name in _NAMED:
        found = _conda_like(name)
        if found:
            yield Tool(name=name, path=found, version=_conda_version(name, found, deadline))
    if program := smi_live.path():
        yield Tool(name="nvidia-smi", path=program)


def conda_program() -> Path | None:
    """Return conda, or its kin where conda itself is not here."""
    found = (_conda_like(name) for name in _NAMED)
    return next((Path(path) for path in found if path), None)


def _uv(deadline: float) -> Tool | None:
    """Return the uv that came with this tool, else the one on PATH."""
    spec = importlib.util.find_spec("uv")
    if spec is not None and spec.origin is not None:
        bundled = _bundled_uv()
        if bundled:
            version = _recorded(Path(spec.origin).parent) or _asked(bundled, deadline)
            return Tool(name="uv", path=bundled, version=version)
    program = shutil.which("uv")
    if program is None:
        return None
    return Tool(name="uv", path=program, version=_asked(program, deadline))


def _bundled_uv() -> str | None:
    """Return the bundled program; beside Python as a rule, which is quicker than asking uv."""
    beside = Path(sys.executable).parent / ("uv.exe" if os.name == "nt" else "uv")
    if _runs(beside):
        return str(beside)
    try:
        from uv import find_uv_bin

        return os.fspath(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return None


def _recorded(package: Path) -> str | None:
    """Return an installed package's version by its record's name (quicker than its metadata)."""
    for record in package.parent.glob(f"{package.name}-*.dist-info"):
        return record.name.removeprefix(f"{package.name}-").removesuffix(".dist-info")
    return None


def _conda_like(name: str) -> str | None:
    """Return the program: its variable, PATH, then the folders its installers propose."""
    named = os.environ.get(_NAMED[name], "")
    if Path(named).stem.lower() == name and _runs(named):
        return named
    on_path = shutil.which(name)
    if on_path:
        return on_path
    file = f"Scripts/{name}.exe" if os.name == "nt" else f"bin/{name}"
    roots = [Path.home() / r for r in _ROOTS] + [Path(r) for r in _FIXED]
    places = [r / file for r in roots] + [Path.home() / ".local/bin" / name]
    return next((str(p) for p in places if _runs(p)), None)


def _runs(path: str | Path) -> bool:
    return Path(path).is_file() and os.access(path, os.X_OK)


def _conda_version(name: str, program: str, deadline: float) -> str | None:
    root = Path(program).resolve().parent.parent
    for record in sorted((root / "conda-meta").glob(f"{name}-[0-9]*.json"), reverse=True):
        found = re.fullmatch(rf"{name}-([0-9][\w.]*)-[^-]+\.json", record.name)
        if found:
            return found[1]
    return _asked(program, deadline)


def _asked(program: str, deadline: float) -> str | None:
    outcome = run.run([program, "--version"], deadline=deadline)
    found = re.search(r"\d+\.\d+[\w.]*", outcome.out) if outcome.ok else None
    return found[0] if found else None
