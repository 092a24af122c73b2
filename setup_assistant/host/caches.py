"""What this tool has put into its cache folder, told from what else may lie there.

The person may name any folder with SETUP_ASSISTANT_CACHE, one full of other things too. So what is
removed is named here file by file; of the large caches, whose files are those of other programs,
only those go that bear the sign which this tool left when it made the folder.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from setup_assistant.host import files, log, own_folders, paths
from setup_assistant.host.removal_proofs import Both, Holds, Named, Proof, seen

SIGN = ".setup-assistant-cache"
_LARGE = ("uv", "conda", "kernels")
_SUM8, _SUM12, _SUM16 = ("[0-9a-f]" * n for n in (8, 12, 16))
# Folder below the cache → names in it that nobody else gives, of files and of folders.
_FILES = (
    ("", f"sources-{_SUM12}.json"),
    ("", "speeds.json"),
    ("", own_folders.ABOVE),
    ("sites", f"{_SUM16}.json"),
    ("recipes", f"*-{_SUM8}.json"),
    ("recipes", f".*-{_SUM8}.json.[0-9]*"),
    # What this account was told of a folder of weights, by the sum of the folder's name.
    ("weights", f"{'[0-9a-f]' * 64}.json"),
    ("logs", log.NAMES),
    ("fleet/runs", f"{_SUM16}.json"),
    ("fleet/agents", f"agent-{_SUM12}-{_SUM12}.pyz"),
)
_FOLDERS = (
    ("", "beside-[0-9]*-????????"),
    ("verify", "run-[0-9]*-????????"),
    ("verify", f"[0-9]*-{_SUM8}"),
    ("modelscope", _SUM16),
    ("bundle", _SUM8),
    ("bundle", "fetched"),
    ("bundle", "served"),
    ("agents", f"agent-{_SUM12}"),
    ("agents", ".unpack-????????"),
    ("rattler", "py_rattler-*"),
    ("rattler", ".py_rattler-*.part"),
    ("fleet/agents/packages", f"*-3.[0-9]*-{_SUM12}"),
    ("fleet/agents/packages", ".fetch-????????"),
    ("fleet/agents", ".build-????????"),
)


@dataclass(frozen=True)
class Cached:
    """Something in the cache folder, and what proves it ours; None where nothing does."""

    path: Path
    proof: Proof | None


def begin(folder: Path) -> Path:
    """Make one of the large caches, with our sign where it was not there; return the folder."""
    if not folder.exists() and paths.cache_folder() in folder.parents:
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True)
            (folder / SIGN).touch()
    return folder


def found(cache: Path) -> Iterator[Cached]:
    """Yield what lies in a cache folder at the places that this tool uses."""
    # A run that is killed leaves a file on its way under such a name.
    begun = [(below, f".{name}.????????") for below, name in _FILES]
    for rows, folders in (((*_FILES, *begun), False), (_FOLDERS, True)):
        for below, pattern in rows:
            place = cache / below
            if files.linked(cache, place):
                continue
            for name in _names(place, pattern):
                if (place / name).is_dir() == folders:
                    proof = Both((Named((pattern,), folders), seen(place / name)))
                    yield Cached(place / name, proof)
    named = bool(os.environ.get("SETUP_ASSISTANT_CACHE"))
    for name in _LARGE:
        place = cache / name
        if place.is_dir() and not place.is_symlink():
            # In the system's own cache folder ours has our name; an earlier version left no sign.
            ours = (place / SIGN).is_file() or not named
            signed: Proof = Both((seen(place), Holds((SIGN,))))
            yield Cached(place, (signed if named else seen(place)) if ours else None)


def places(cache: Path) -> tuple[Path, ...]:
    """Return the folders that this tool makes in its cache folder, inner ones first."""
    below = {row[0] for row in (*_FILES, *_FOLDERS)} | {"fleet"}
    return (*(cache / b for b in sorted(below - {""}, reverse=True)), cache)


def _names(folder: Path, pattern: str) -> list[str]:
    try:
        return sorted(n for n in os.listdir(folder) if fnmatchcase(n, pattern))  # noqa: PTH208
    except OSError:
        return []
