"""Uninstall: show what this tool has made for a site, then remove just that."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import (
    caches,
    conda,
    lenient,
    log,
    own_folders,
    paths,
    removal,
    sites,
    temporary,
)
from setup_assistant.host.removal_proofs import Both, Named, seen
from setup_assistant.messages import _
from setup_assistant.site.layout import Layout
from setup_assistant.steps import uninstall_site
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.ownership import INSIDE, Fate, Item, Owner, beside, going, judged
from setup_assistant.weights.listing import OWN_PREFIX

_PYTHON = "python-" + "[0-9a-f]" * 12
# A launcher that is killed leaves what it was unpacking, by its process.
_PYTHONS = (_PYTHON, f"{_PYTHON}.[0-9]*")
# In the cache folder of a host.
_OF_A_ROOM = ("agent-*.pyz", "jobs", "home-id")

__all__ = ["Fate", "Item", "Removed", "inventory", "leave_no_log", "remains", "remove", "stays"]


@dataclass(frozen=True)
class Removed:
    """What an uninstall came to: what stays in the site's folder, and what could not be removed."""

    kept: tuple[Path, ...]
    failed: tuple[SetupError, ...] = ()


def inventory(site: Layout, *, other_sites: bool, own_cache: Path) -> tuple[Item, ...]:
    """Return what `uninstall` would do, in its order.

    What the site has made goes, then its own files, and last its ledger, so that an uninstall
    that is killed can be run again. A script that the person has edited stays. The cache goes
    with the last site, and of it only what is this tool's.
    """
    owner = Owner(site)
    found = [*_made(owner, site), *uninstall_site.own_files(owner, site)]
    found += _lines(found)
    found += _cached(own_cache, site, last=not other_sites)
    found += [going(p, "folder", p.parent, proof) for p, proof in temporary.all_left()]
    unique = {i.path if i.kind != "line" else (i.path, i.reason): i for i in reversed(found)}
    items = list(reversed(unique.values()))
    # What is kept as somebody else's is said once, by its folder.
    kept = {i.path for i in items if i.fate == "kept"}
    items = [i for i in items if i.fate != "kept" or kept.isdisjoint(i.path.parents)]
    records = uninstall_site.records(site)
    emptied = [*_emptied([*_site_folders(owner, site)], own_cache, [*items, *records])]
    # An empty folder without the ledger would be somebody's.
    inner = [i for i in emptied if site.root in i.path.parents]
    last = [i for i in records if i.path in (site.lock, site.ledger)]
    items += [i for i in records if i not in last]
    return (*items, *inner, *last, *(i for i in emptied if i not in inner))


def remove(items: tuple[Item, ...], site: Layout) -> Removed:
    """Remove the items that were shown, as they were shown.

    Where one cannot be removed, the others are, and the ledger stays for the next time.
    """
    last = {site.ledger, site.lock, site.root}
    failed: list[SetupError] = []
    for item in items:
        if item.fate != "remove" or (failed and item.path in last):
            continue
        try:
            _remove(item)
        except SetupError as error:
            failed.append(error)
    if not failed:
        if mine := not last.isdisjoint(i.path for i in items):
            # Made by this very run, where none was there.
            removal.drop(site.lock, under=site.root)
        for item in items:
            if item.proof is None and item.fate == "remove" and item.kind == "folder":
                removal.prune(item.path, under=item.path.parent)
        if mine:
            removal.prune(site.root, under=site.root.parent)
    return Removed(tuple(stays(items, site.root)), tuple(failed))


def remains(site: Layout, *, other_sites: bool, own_cache: Path) -> tuple[Item, ...]:
    """Return what is there without a site: runs leave it that were killed before they had one.

    An uninstall, too, that was killed after its ledger had gone. The caches are those of other
    sites, where there are any; a folder that holds more than an empty lock is somebody's.
    """
    items = [going(lock, "file", site.root, seen(lock)) for lock in _lock_alone(site)]
    items += _cached(own_cache, site, last=not other_sites)
    # This very run has a log as well.
    if all(
        i.fate != "remove" or i.path in (log.current(), own_cache / own_folders.ABOVE)
        for i in items
    ):
        return ()
    items += [going(p, "folder", p.parent, proof) for p, proof in temporary.all_left()]
    folders = [site.root] if items[0].path == site.lock else []
    return (*items, *_emptied(folders, own_cache, items))


def _lock_alone(site: Layout) -> list[Path]:
    """Return the empty lock that is alone in a site's folder; nothing where it is not."""
    root, lock = site.root, site.lock
    if root.is_symlink() or not root.is_dir() or [*root.iterdir()] != [lock]:
        return []
    plain = lock.is_file() and not lock.is_symlink()
    return [lock] if plain and not lock.stat().st_size else []


def leave_no_log(own_cache: Path) -> None:
    """Remove the log of this very run, and the folders that were made for it."""
    path, above = log.current(), own_folders.made_above(own_cache)
    log.stop()
    if path is None or not removal.drop(path, under=own_cache):
        return
    removal.prune(path.parent, under=own_cache)
    if above and [*own_cache.iterdir()] == [own_cache / own_folders.ABOVE]:
        removal.drop(own_cache / own_folders.ABOVE, under=own_cache)
    for folder in (own_cache, *above):
        removal.prune(folder, under=folder.parent)


def _remove(item: Item) -> None:
    if item.kind == "line":
        conda.unregister(Path(item.reason))
    elif item.proof is None:
        removal.prune(item.path, under=item.path.parent)
    else:
        removal.remove(item.path, under=item.under or item.path.parent, proof=item.proof)


def _made(owner: Owner, site: Layout) -> Iterator[Item]:
    """Yield what the ledger names, newest first, and what lies where this tool makes things."""
    usual = [site.env, *beside(site.env), *(site.root / name for name in INSIDE)]
    owned = reversed(Ledger(site.ledger).owned())
    listed = [Path(d["path"]) for d in owned if d.get("kind") not in ("cache", "above")]
    # Records last: an uninstall that is killed can be run again.
    for path in sorted((*listed, *usual), key=lambda p: p.name.startswith(OWN_PREFIX)):
        found = judged(owner, path)
        # Of weights in the site's folder that are not proved as a whole, the files are.
        by_file = found and found.fate == "kept" and uninstall_site.holds_weights(site, path)
        if found and not by_file:
            yield found
    yield from uninstall_site.weights(owner, site)


def _lines(items: list[Item]) -> list[Item]:
    """Return the lines in conda's list of the environments that go."""
    going_ = [i.path for i in items if i.kind == "folder" and i.fate == "remove"]
    records = ((path, conda.listed(path)) for path in going_)
    return [Item(r, "line", 0, "remove", reason=str(path)) for path, r in records if r]


def _cached(cache: Path, site: Layout, *, last: bool) -> Iterator[Item]:
    record = sites.record_of(site.root)
    if not last:
        if record.is_file():
            yield going(record, "file", cache, seen(record))
        yield from ([Item(cache, "cache", 0, "shared")] if cache.is_dir() else [])
        return
    for found in caches.found(cache):
        if found.proof is None:
            reason = _("nothing proves that this tool has made it")
            yield Item(found.path, "cache", 0, "kept", reason=reason)
        else:
            yield going(found.path, "cache", cache, found.proof)
    yield from _pythons()
    yield from _of_a_room(cache / "fleet")


def _of_a_room(folder: Path) -> Iterator[Item]:
    """Yield what a control machine has put here: this very run may be its."""
    agent = any(p for name in _OF_A_ROOM for p in folder.glob(name))
    tool = paths.TOOL_SIGN in lenient.text(paths.tool())
    reason = _("a control machine has put it here, and may come again")
    for path in (*([folder] if agent else []), *([paths.tool()] if tool else [])):
        yield Item(path, "cache", 0, "kept", reason=reason)


def _carried() -> Path:
    """Return where a bundle's launcher puts the Pythons that it carries."""
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local/share") / "setup-assistant"


def _pythons() -> Iterator[Item]:
    for folder in sorted(f for pattern in _PYTHONS for f in _carried().glob(pattern)):
        if folder in Path(sys.prefix).parents or folder == Path(sys.prefix):
            yield Item(folder, "folder", 0, "kept", reason=_("this very run needs it"))
        else:
            proof = Both((Named(_PYTHONS, folders=True), seen(folder)))
            yield going(folder, "folder", folder.parent, proof)


def _site_folders(owner: Owner, site: Layout) -> Iterator[Path]:
    """Yield the folders of a site, and those made to hold it, inner ones first."""
    yield from (site.scripts / "__pycache__", site.scripts)
    for place, _dirs, _files in os.walk(site.root / "models", topdown=False):
        yield Path(place)
    yield from (site.root, *sorted(owner.above, key=lambda p: -len(p.parts)))


def _emptied(folders: list[Path], cache: Path, items: list[Item]) -> Iterator[Item]:
    """Yield the folders of ours in which nothing is left once the items are gone."""
    gone = {i.path for i in items if i.fate == "remove"}
    if any(i.kind == "cache" and i.fate == "remove" for i in items):
        # In a home without any cache ours was the first.
        pythons = [i.path for i in items if i.path.parent == _carried() and i.fate == "remove"]
        above = {p for f in (cache, *pythons) for p in own_folders.made_above(f)}
        outward = sorted(above, key=lambda p: -len(p.parts))
        folders = [*folders, *caches.places(cache), _carried(), *outward]
    for folder in folders:
        plain = folder.is_dir() and not (folder.is_symlink() or folder.is_mount())
        plain = plain and not removal.fault_of(folder, folder.parent)
        if plain and folder not in gone and gone.issuperset(folder.iterdir()):
            gone.add(folder)
            yield Item(folder, "folder", 0, "remove")


def stays(items: Iterable[Item], root: Path) -> Iterator[Path]:
    """Yield what stays below a site's folder; of what is somebody else's only the top."""
    items = tuple(items)
    if not any(root in i.path.parents for i in items):
        return  # no site's
    gone = {i.path for i in items if i.fate == "remove"}
    kept = {i.path for i in items if i.fate == "kept"}
    for place, folders, names in os.walk(root):
        here = Path(place)
        yield from (here / n for n in sorted(names) if here / n not in gone)
        folders[:] = [n for n in sorted(folders) if here / n not in gone]
        for name in folders:
            if here / name in kept or not any((here / name).iterdir()):
                yield here / name
        folders[:] = [n for n in folders if here / n not in kept]
