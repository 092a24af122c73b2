"""Scripts are there to be edited: a rerun replaces what this tool wrote, never an edit.

The sums of what was last written lie beside the scripts. A file that no longer has its sum was
edited; a new version is then written beside it, as `NAME.new.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

RECORD = ".written.json"


def keep_edits(folder: Path, rendered: Mapping[str, str]) -> dict[Path, str]:
    """Return path → text of what to write so that `folder` holds `rendered`, edits kept.

    The record of sums comes last: a run killed before it finds its own text and goes on.

    Args:
        folder: the folder of the scripts.
        rendered: relative name → text.
    """
    known = _record(folder / RECORD)
    wanted: dict[Path, str] = {}
    for name, text in rendered.items():
        path = _target(folder / name, text, known.get(name))
        if path:
            wanted[path] = text
    sums = {name: _sum(text.encode()) for name, text in rendered.items()}
    wanted[folder / RECORD] = json.dumps(sums, indent=2, ensure_ascii=False) + "\n"
    return wanted


def _target(path: Path, text: str, known: str | None) -> Path | None:
    """Return where `text` goes; None where the person's edit stands and nothing is new."""
    try:
        current = _sum(path.read_bytes())
    except OSError:
        return path
    new = _sum(text.encode())
    if current in (known, new):
        return path
    return None if new == known else path.with_name(f"{path.stem}.new{path.suffix}")


def _record(path: Path) -> dict[str, str]:
    """Return the sums of the last writing; with a lost or damaged record, all count as edited."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _sum(data: bytes) -> str:
    return sha256(data).hexdigest()
