"""Uninstall: walk the ledger backwards, after showing what will go."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from setup_assistant.host import conda, files
from setup_assistant.site.kept import RECORD
from setup_assistant.site.layout import Layout
from setup_assistant.steps.ledger import Ledger

Fate = Literal["remove", "changed", "shared"]


@dataclass(frozen=True)
class Item:
    """One thing to remove, or to keep: changed by the person, or shared with others."""

    path: Path
    kind: str
    size_bytes: int
    fate: Fate


def inventory(site: Layout, *, other_sites: bool, own_cache: Path) -> tuple[Item, ...]:
    """Return what `uninstall` would do, newest first.

    What the ledger names goes, then the site's own files. A script that the person has edited
    stays. The cache goes only with the last site, and only where it is this tool's own:
    one that the person named is never wiped.
    """
    made = Ledger(site.ledger).owned()
    found = [
        _item(Path(str(d["path"])), str(d.get("kind", "folder")), _cache_fate(d, other_sites))
        for d in reversed(made)
        if d.get("kind") != "cache" or own_cache in Path(str(d["path"])).parents
    ]
    if not other_sites:
        found.append(_item(own_cache, "cache", "remove"))
    found += [_item(path, "file", _fate(path)) for path in _own_files(site)]
    unique = {item.path: item for item in reversed(found) if item is not None}
    return tuple(reversed(unique.values()))


def remove(items: tuple[Item, ...], site: Layout) -> tuple[Path, ...]:
    """Remove the items and the site's records; return what stays in the site's folder.

    The ledger goes last, so that a killed uninstall can be run again.
    """
    for item in items:
        if item.fate == "remove":
            files.remove(item.path)
            conda.unregister(item.path)  # where it was a conda environment
    files.remove(site.work)
    files.remove(site.scripts / RECORD)
    _prune(site.scripts)
    _prune(site.root / "models")
    files.remove(site.lock)
    files.remove(site.ledger)
    _prune(site.root)
    return tuple(sorted(site.root.rglob("*"))) if site.root.exists() else ()


def _own_files(site: Layout) -> list[Path]:
    listed = [
        site.report,
        site.report_html,
        site.receipt,
        site.smoke_result,
        site.rehearsal,
        site.canary_result,
        site.root / "README.txt",
        site.requirements,
        site.packages_lock,
        site.environment_yml,
        site.machine,
        site.plan,
        site.answers,
    ]
    scripts = site.scripts.rglob("*.py") if site.scripts.is_dir() else ()
    return [*listed, *(p for p in scripts if "__pycache__" not in p.parts)]


def _cache_fate(data: dict[str, object], other_sites: bool) -> Fate:
    return "shared" if data.get("kind") == "cache" and other_sites else "remove"


def _item(path: Path, kind: str, fate: Fate) -> Item | None:
    if not path.is_absolute() or not (path.exists() or path.is_symlink()):
        return None
    size = files.folder_bytes(path) if path.is_dir() else path.lstat().st_size
    return Item(path, kind, size, fate)


def _fate(path: Path) -> Fate:
    """A script without its recorded sum was edited, or is the person's own."""
    record = path.parent / RECORD
    if path.suffix != ".py" or not path.exists():
        return "remove"
    try:
        known = json.loads(record.read_bytes())
    except (OSError, ValueError):
        return "changed"
    return "remove" if known.get(path.name) == _sum(path) else "changed"


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _prune(folder: Path) -> None:
    """Remove a folder that holds nothing any more."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
