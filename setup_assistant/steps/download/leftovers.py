"""Unfinished files in a weights folder that this download does not need: found and named.

Other clients leave them (`*.incomplete`, ModelScope's `._____temp`), and so do earlier runs for
files that the model no longer has. Nothing is removed: they are somebody's.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from pathlib import Path

from setup_assistant.host.transfer.remote_file import PART_SUFFIX

# Hugging Face's and ModelScope's clients, browsers, aria2, curl-like scripts, this tool.
_SUFFIXES = (
    ".incomplete", PART_SUFFIX, ".part", ".partial", ".crdownload", ".aria2", ".download", ".tmp",
)  # fmt: skip
# Where ModelScope's client keeps a file until it is whole.
_TEMPORARY = "._____temp"
_MOST = 1000


def find(folder: Path, listed: Collection[str]) -> list[tuple[str, int]]:
    """Return unfinished files below `folder` by relative path, and their sizes in bytes.

    Args:
        folder: a folder of weights.
        listed: the files of the model; what belongs to one of them under the same name stays out.
    """
    found: list[tuple[str, int]] = []
    for root, _folders, names in os.walk(folder):
        for name in names:
            path = Path(root, name)
            relative = path.relative_to(folder).as_posix()
            if relative in listed or not _unfinished(relative):
                continue
            with contextlib.suppress(OSError):
                found.append((relative, path.lstat().st_size))
            if len(found) >= _MOST:
                return found
    return sorted(found)


def _unfinished(path: str) -> bool:
    return path.lower().endswith(_SUFFIXES) or _TEMPORARY in path.split("/")
