"""What an environment's own files say about it. Nothing of it is run or imported."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from setup_assistant.host import lenient
from setup_assistant.host.files import plain

_VERSION = re.compile(r"^__version__(?:\s*:[^=]+)?\s*=\s*['\"]([^'\"]+)['\"]", re.MULTILINE)
_CUDA = re.compile(r"^cuda(?:\s*:[^=]+)?\s*=\s*['\"](\d+)\.(\d+)['\"]", re.MULTILINE)


@dataclass(frozen=True)
class TorchFiles:
    """The torch installed in an environment: release, and build such as "cu128" or "cpu"."""

    version: str
    build: str | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """One package, or Python: its version before and after; None where it is not there."""

    name: str
    old: str | None
    new: str | None


def kind(prefix: Path) -> Literal["conda", "venv"] | None:
    """Return what made the environment at `prefix`; None where none is, or none may be seen."""
    try:
        if (prefix / "conda-meta" / "history").is_file():
            return "conda"
        return "venv" if (prefix / "pyvenv.cfg").is_file() else None
    except OSError:  # a folder that may not be looked into
        return None


def python_in(prefix: Path) -> Path:
    """Return the interpreter of an environment, whatever made it."""
    for candidate in (
        prefix / "bin" / "python",
        # A system's own Python has no other name on Debian.
        prefix / "bin" / "python3",
        prefix / "Scripts" / "python.exe",
        prefix / "python.exe",
    ):
        if candidate.exists():
            return candidate
    return prefix / "bin" / "python"


def closed(path: Path) -> Path | None:
    """Return the first folder on the way to a path that this account may not enter.

    Links are followed: an interpreter often lies in the home of who made the environment.
    """
    for _link in range(16):
        path = path.absolute()
        for folder in reversed(path.parents):
            if os.path.lexists(folder) and not os.access(folder, os.X_OK):
                return folder
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return None


def pyvenv(prefix: Path) -> dict[str, str]:
    """Return what an environment's pyvenv.cfg says; nothing where there is none."""
    pairs = (s.partition("=") for s in lenient.text(prefix / "pyvenv.cfg").splitlines())
    return {key.strip().lower(): value.strip() for key, _sign, value in pairs}


def python_version(prefix: Path) -> str | None:
    """Return the version of an environment's Python, e.g. "3.12.4"."""
    for record in sorted((prefix / "conda-meta").glob("python-[0-9]*.json")):
        if version := lenient.json_object(record).get("version"):
            return str(version)
    said = pyvenv(prefix)
    if found := re.match(r"\d+\.\d+(?:\.\d+)?", said.get("version_info", said.get("version", ""))):
        return found[0]
    for folder in prefix.glob("lib/python3.*"):
        return folder.name.removeprefix("python")
    return None


def torch(prefix: Path) -> TorchFiles | None:
    """Return the torch in an environment, from its `torch/version.py`."""
    for folder in search_path(prefix):
        text = lenient.text(folder / "torch" / "version.py")
        if version := _VERSION.search(text):
            release, _plus, local = version[1].partition("+")
            cuda = _CUDA.search(text)
            # conda-forge's torch and PyPI's older ones carry no local version.
            build = local or (f"cu{cuda[1]}{cuda[2]}" if cuda else "cpu")
            return TorchFiles(release, build)
    return None


def site_packages(prefix: Path) -> list[Path]:
    """Return the folders that hold an environment's packages."""
    candidates = [
        *sorted(prefix.glob("lib/python3.*/site-packages")),
        *sorted(prefix.glob("lib/python3*/dist-packages")),
        prefix / "Lib/site-packages",
    ]
    return [folder for folder in candidates if folder.is_dir()]


def search_path(prefix: Path) -> list[Path]:
    """Return the folders of packages that Python reads there: its own, then those of others.

    A venv may be told to read the Python's that it was made from, and a `.pth` file names more;
    of these only folders that hold installed packages count, not sources under development.
    """
    own, said = site_packages(prefix), pyvenv(prefix)
    named = [
        folder / line.strip()
        for folder in own
        for file in sorted(folder.glob("*.pth"))
        for line in lenient.text(file).splitlines()
        if line.strip() and not line.startswith(("#", "import ", "import\t"))
    ]
    found = [f for f in named if f.is_dir() and any(f.glob("*.dist-info"))]
    if said.get("include-system-site-packages", "").lower() == "true" and "home" in said:
        base, minor = Path(said["home"]).parent, {f.parent.name for f in own}
        every = (*site_packages(base), *site_packages(base / "local"))
        found += [f for f in every if f.parent.name in {*minor, "python3"}]
    return list(dict.fromkeys([*own, *found]))


def packages(prefix: Path) -> dict[str, str]:
    """Return an environment's packages, normalized name → version, from their metadata."""
    found: dict[str, str] = {}
    for folder in site_packages(prefix):
        for info in folder.glob("*.dist-info"):
            name, _, version = info.name.removesuffix(".dist-info").partition("-")
            found[normal_name(name)] = version
    return found


def emptied(prefix: Path) -> list[Path]:
    """Return the metadata folders of packages of which a file is empty that should not be.

    That is what a power cut leaves of a file that was not on the disk yet. What conda brought
    is left out: its files are in conda's own records.
    """
    return sorted(
        info
        for folder in site_packages(prefix)
        for info in folder.glob("*.dist-info")
        if _has_emptied(folder, info)
    )


def _has_emptied(folder: Path, info: Path) -> bool:
    try:
        if lenient.text(info / "INSTALLER") == "conda":
            return False
        record = plain(info / "RECORD").read_text(encoding="utf-8")
        rows = list(csv.reader(record.splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error):
        return False
    for path, _sum, size in (row for row in rows if len(row) == 3):
        with contextlib.suppress(OSError):
            if size not in ("", "0") and not os.stat(folder / path).st_size:  # noqa: PTH116 - hot
                return True
    return not rows


def normal_name(name: str) -> str:
    """Return a package's name as indexes compare it, e.g. `qwen-vl-utils` (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def why_active(prefix: Path) -> str | None:
    """Return what shows that an environment is in use here: a variable's name, or `sys.prefix`.

    An environment that holds the one in use, such as a conda base with environments inside,
    counts as in use too.
    """
    used = {
        "CONDA_PREFIX": os.environ.get("CONDA_PREFIX"),
        "VIRTUAL_ENV": os.environ.get("VIRTUAL_ENV"),
        "sys.prefix": sys.prefix if sys.prefix != sys.base_prefix else None,
    }
    folder = prefix.resolve()
    for name, value in used.items():
        if value and folder in (Path(value).resolve(), *Path(value).resolve().parents):
            return name
    return None
