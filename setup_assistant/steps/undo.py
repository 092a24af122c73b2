"""Uninstall: walk the ledger backwards, after showing what will go."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from setup_assistant.host import files
from setup_assistant.site.layout import Layout
from setup_assistant.steps.ledger import Entry, Ledger


@dataclass(frozen=True)
class Item:
    """One thing to remove, or to keep and why."""

    path: Path
    kind: str
    size_bytes: int
    fate: Literal["remove", "changed", "shared"]


def inventory(site: Layout, *, other_sites: bool, own_cache: Path) -> tuple[Item, ...]:
    """Return what `uninstall` would do, newest first.

    A file that the person has changed is kept. The cache goes only with the last site that
    uses it, and only where it is this tool's own.
    """
    made = [e for e in Ledger(site.ledger).entries() if e.event == "made"]
    items = [_item(e, other_sites, own_cache) for e in reversed(made)]
    return tuple(i for i in items if i is not None)


def remove(items: tuple[Item, ...], site: Layout) -> tuple[Path, ...]:
    """Remove the items and the site's own records; return what stays in the site's folder.

    The ledger goes last, so that a killed uninstall can be run again.
    """
    for item in items:
        if item.fate == "remove":
            files.remove(item.path)
    for folder in (site.work, site.scripts):
        _prune(folder)
    for name in (site.lock, site.ledger):
        files.remove(name)
    _prune(site.root)
    return tuple(sorted(site.root.rglob("*"))) if site.root.exists() else ()


def _item(entry: Entry, other_sites: bool, own_cache: Path) -> Item | None:
    path = Path(str(entry.data.get("path", "")))
    kind = str(entry.data.get("kind", "file"))
    if not path.is_absolute() or not (path.exists() or path.is_symlink()):
        return None
    size = files.folder_bytes(path) if path.is_dir() else path.lstat().st_size
    fate: Literal["remove", "changed", "shared"] = "remove"
    if kind == "cache" and (other_sites or own_cache not in (path, *path.parents)):
        fate = "shared"
    elif kind == "file" and _edited(path, entry.data.get("sha256")):
        fate = "changed"
    return Item(path, kind, size, fate)


def _edited(path: Path, recorded: object) -> bool:
    if not isinstance(recorded, str):
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest() != recorded


def _prune(folder: Path) -> None:
    """Remove a folder that holds nothing any more."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
