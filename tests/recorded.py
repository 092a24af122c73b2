"""Answers kept as text beside their test: compared whole, so that no word of one changes unseen.

Rewritten with SETUP_ASSISTANT_TEST_SCREENS=write; whoever does that reads the difference.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def compare(path: Path, found: Mapping[str, str]) -> None:
    """Compare texts by their names with those of a file, which may keep more."""
    if os.environ.get("SETUP_ASSISTANT_TEST_SCREENS") == "write":
        _write(path, found)
        return  # another process may be writing now
    kept = _kept(path)
    for name, text in found.items():
        assert text.rstrip() == kept.get(name), name


def names(path: Path) -> set[str]:
    """Return the names of the texts that a file keeps."""
    return set(_kept(path))


def _write(path: Path, found: Mapping[str, str]) -> None:
    import fcntl  # not everywhere, and needed by nobody who only compares

    with path.open("a", encoding="utf-8") as stream:
        # Tests of one file may run in several processes.
        fcntl.flock(stream, fcntl.LOCK_EX)
        kept = _kept(path) | {name: text.rstrip() for name, text in found.items()}
        stream.truncate(0)
        stream.writelines(f"== {name}\n{kept[name]}\n" for name in sorted(kept))


def _kept(path: Path) -> dict[str, str]:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    parts = (part.partition("\n") for part in ("\n" + text).split("\n== ")[1:])
    return {name: said.rstrip() for name, _, said in parts}
