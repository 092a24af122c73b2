"""What conda has written down about its environments. conda itself is not run."""

from __future__ import annotations

import os
from pathlib import Path


def known_prefixes(home: Path | None = None) -> list[Path]:
    """Return the prefixes of every conda environment on record that still is one.

    As conda does: `~/.conda/environments.txt`, the root environment, and the folders beside
    and inside it. A prefix counts if it holds `conda-meta/history`.

    Args:
        home: the person's home folder; theirs if not given.
    """
    recorded = _recorded((home or Path.home()) / ".conda" / "environments.txt")
    roots = [*_roots(), *(p for p in recorded if is_root(p))]
    roots += [p.parent.parent for p in recorded if p.parent.name == "envs"]
    found = [*roots, *recorded]
    for root in roots:
        found += sorted((root / "envs").glob("*"))
    return list(dict.fromkeys(p for p in found if (p / "conda-meta" / "history").is_file()))


def name_of(prefix: Path) -> str:
    """Return the name conda knows an environment by: "base", a name, or nothing (path only)."""
    if is_root(prefix):
        return "base"
    return prefix.name if prefix.parent.name == "envs" else ""


def is_root(prefix: Path) -> bool:
    """Whether conda itself lives in this environment: removing it would remove conda."""
    return (prefix / "condabin").is_dir() or (prefix / "envs").is_dir()


def _recorded(path: Path) -> list[Path]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return [Path(line.strip()) for line in lines if line.strip() and not line.startswith("#")]


def _roots() -> list[Path]:
    """Return the root environments that the shell's conda and mamba settings point to."""
    found = []
    if program := os.environ.get("CONDA_EXE"):
        found.append(Path(program).parent.parent)
    if root := os.environ.get("MAMBA_ROOT_PREFIX"):
        found.append(Path(root))
    return found
