"""Keep a person's own file under another name before another one takes its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path

from setup_assistant.host.file_sum import FileSum
from setup_assistant.weights.folder_record import size_of
from setup_assistant.weights.hashing import sum_of

# What a person may have written by hand is not larger than this.
_LARGEST = 16_000_000


def keep_own(
    folder: Path, wanted: Iterable[FileSum], ours: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Keep small files that the person wrote, an edited config.json perhaps.

    Args:
        folder: the model's folder.
        wanted: what will be put there.
        ours: the sums of what this account brought earlier, by path.

    Yields:
        The path of each file that was kept, and its new name.
    """
    for file in wanted:
        path = folder / file.path
        theirs = 0 < size_of(path) <= _LARGEST and ours.get(file.path) != sum_of(path)
        if theirs and (kept := backup(path)):
            yield file.path, kept.name


def backup(path: Path) -> Path | None:
    """Rename a file to the first free of NAME.bak, NAME.bak.1, ...; return its new name.

    None, and nothing renamed, for a link and for what nobody wrote by hand: bytes that are no
    text, or no JSON where the name says so.
    """
    if path.is_symlink() or not _is_written(path):
        return None
    names = (f"{path.name}.bak" + (f".{n}" if n else "") for n in count())
    free = next(p for n in names if not (p := path.with_name(n)).exists() and not p.is_symlink())
    path.rename(free)
    return free


def _is_written(path: Path) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            json.loads(text)
    except (OSError, ValueError, RecursionError):
        return False
    return "\0" not in text
