"""A copy of an environment, made of links, that may be broken without harming the original."""

from __future__ import annotations

import shutil
from pathlib import Path


def copy_environment(original: Path, prefix: Path) -> Path:
    """Make `prefix` an environment whose packages are links to those of `original`."""
    python = original / "bin" / "python"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "python").symlink_to(python.readlink() if python.is_symlink() else python)
    shutil.copy(original / "pyvenv.cfg", prefix / "pyvenv.cfg")
    source = packages(original)
    target = prefix / source.relative_to(original)
    target.mkdir(parents=True)
    for entry in source.iterdir():
        (target / entry.name).symlink_to(entry)
    return prefix


def packages(prefix: Path) -> Path:
    """Return the folder of the packages of an environment."""
    return next(prefix.glob("lib/python3*/site-packages"))


def remove(prefix: Path, *patterns: str) -> None:
    """Remove packages by the names of their files and folders."""
    for pattern in patterns:
        found = list(packages(prefix).glob(pattern))
        assert found, f"nothing matches {pattern}"
        for entry in found:
            entry.unlink()


def unfold(prefix: Path, name: str) -> Path:
    """Replace the link `name` by a folder of links, so that one file in it can be changed."""
    link = packages(prefix) / name
    original = link.resolve()
    link.unlink()
    link.mkdir()
    for entry in original.iterdir():
        # What is compiled of the changed file must not lie where all other copies look for it.
        if entry.name != "__pycache__":
            (link / entry.name).symlink_to(entry)
    return link


def write(path: Path, text: str) -> None:
    """Write a file, replacing a link instead of writing through it."""
    if path.is_symlink():
        path.unlink()
    path.write_text(text, encoding="utf-8")
