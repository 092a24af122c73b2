"""The one door for deleting: what is removed, under which folder, and on what proof.

`remove` is given the folder that it may work under and a proof of ownership. It walks down from
that folder by open handles and through no link, so that a folder that is exchanged for a link
meanwhile leads nowhere else; it asks for the proof of what it has opened, and it enters no other
file system. A link is removed itself, never what it leads to.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import mounts
from setup_assistant.host.removal_proofs import Entry, Proof, called
from setup_assistant.messages import _

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
# Windows has no handles of folders.
_HANDLES = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
# Deeper folders are moved up first: a process has a thousand handles.
_DEEPEST = 100
# What makes an environment one, then what begins the names of this tool's records in folders.
_LAST = ("history", "conda-meta", "pyvenv.cfg", ".setup-assistant")


class _MountedError(OSError):
    """Another file system begins here."""


def remove(path: Path, *, under: Path, proof: Proof, running: bool = False) -> bool:
    """Remove the file, link or folder at `path`; return whether there was one.

    Args:
        path: what goes, inside of `under`.
        under: the folder that nothing outside of may be touched; links on the way to it count.
        proof: that it is this tool's own.
        running: whether it may be the environment that this very Python runs in.

    Raises:
        SetupError: `removal_refused` where it is not, or lies elsewhere; `not_removed` where the
            system refuses.
    """
    if fault := fault_of(path, under, running=running):
        raise SetupError("removal_refused", path=str(path), detail=fault)
    try:
        with _opened(path, under) as entry:
            if entry is None:
                return False
            if not proof.holds(entry):
                detail = _("nothing proves that this tool has made it")
                raise SetupError("removal_refused", path=str(path), detail=detail)
            _drop(entry, path)
    except _MountedError as error:
        detail = _("another file system is mounted there: {place}", place=str(error.filename))
        raise SetupError("removal_refused", path=str(path), detail=detail) from error
    except OSError as error:
        detail = error.strerror or str(error)
        raise SetupError("not_removed", path=str(path), detail=detail) from error
    return True


def tidy(path: Path, *, under: Path, proof: Proof) -> bool:
    """Remove as `remove` does what is only in the way; what cannot be removed stays."""
    try:
        return remove(path, under=under, proof=proof)
    except SetupError:
        return False


def drop(path: Path, *, under: Path) -> bool:
    """Remove a file that this run has written itself, e.g. one on its way; never a folder."""
    path, under = path.absolute(), under.absolute()
    return tidy(path, under=under, proof=called(path))


def prune(folder: Path, *, under: Path) -> bool:
    """Remove a folder that holds nothing; return whether it went."""
    folder, under = folder.absolute(), under.absolute()
    if fault_of(folder, under):
        return False
    with contextlib.suppress(OSError, SetupError), _opened(folder, under) as entry:
        if entry is not None and entry.is_folder:
            os.rmdir(entry.name, dir_fd=entry.parent)
            return True
    return False


@contextlib.contextmanager
def scratch(folder: Path, *, under: Path) -> Iterator[Path]:
    """Make an empty folder, whose name is ours alone there; remove it afterwards.

    Raises:
        SetupError: as `remove`, where something by that name cannot be removed.
    """
    ours = called(folder, folders=True)
    remove(folder, under=under, proof=ours)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        tidy(folder, under=under, proof=ours)


def fault_of(path: Path, under: Path, *, running: bool = False) -> str | None:
    """Return why `path` may never be removed under a folder, whatever proves it; None: it may."""
    if not (path.is_absolute() and under.is_absolute()):
        return _("it is no absolute path")
    if path == under or under not in path.parents or ".." in path.relative_to(under).parts:
        return _("it lies outside of {folder}", folder=str(under))
    real = Path(os.path.realpath(path.parent)) / path.name
    if real in _kept(running=running):
        return _("your home folder, or this tool itself, lies in it")
    return None


def obstacle(path: Path, under: Path) -> str | None:
    """Return what `remove` would stop at on the way to `path`, or in it; None where nothing is."""
    if fault := fault_of(path, under):
        return fault
    place = Path(os.path.realpath(under))
    device, parts = os.lstat(place).st_dev, path.relative_to(under).parts
    found = os.lstat(place)
    for number, part in enumerate(parts, 1):
        place = place / part
        found = os.lstat(place)
        if stat.S_ISLNK(found.st_mode) and number < len(parts):
            return _("{link} is a link", link=str(place))
        if found.st_dev != device:
            return _("another file system is mounted there: {place}", place=str(place))
    below = mounts.below(str(place)) if stat.S_ISDIR(found.st_mode) else None
    return _("another file system is mounted there: {place}", place=below) if below else None


def _kept(*, running: bool) -> set[Path]:
    """Return the folders that never go: the root, the home, this tool, and what they lie in."""
    found = [Path(__file__).parent.parent]
    found += [] if running else [Path(sys.prefix)]
    with contextlib.suppress(RuntimeError):
        found.append(Path.home())
    real = [Path(os.path.realpath(p)) for p in found]
    return {folder for p in real for folder in (p, *p.parents)}


@contextlib.contextmanager
def _opened(path: Path, under: Path) -> Iterator[Entry | None]:
    """Yield what lies at `path`, its folder held open; None where nothing does.

    Raises:
        SetupError: `removal_refused` where a link is on the way.
    """
    handle: int | None = None
    parts = path.relative_to(under).parts
    try:
        try:
            place = Path(os.path.realpath(under))
            if _HANDLES:
                handle = os.open(place, _FOLDER)
            for part in parts[:-1]:
                place = place / part
                handle = _down(handle, place, path)
            name = parts[-1] if handle is not None else str(place / parts[-1])
            found = os.stat(name, dir_fd=handle, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            yield None
            return
        yield Entry(handle, name, found)
    finally:
        if handle is not None:
            os.close(handle)


def _down(handle: int | None, place: Path, path: Path) -> int | None:
    """Step into a folder; return its handle, and close the one of the folder above."""
    name = place.name if handle is not None else str(place)
    found = os.stat(name, dir_fd=handle, follow_symlinks=False)
    if stat.S_ISLNK(found.st_mode):
        detail = _("{link} is a link", link=str(place))
        raise SetupError("removal_refused", path=str(path), detail=detail)
    if handle is None:
        return None
    inner = os.open(name, _FOLDER, dir_fd=handle)
    # The caller closes one handle: from here on this one.
    device = os.fstat(handle).st_dev
    os.dup2(inner, handle, inheritable=False)
    os.close(inner)
    if os.fstat(handle).st_dev != device:
        raise _MountedError(0, "", str(place))
    return handle


def _drop(entry: Entry, path: Path) -> None:
    if not entry.is_folder:
        os.unlink(entry.name, dir_fd=entry.parent)
        return
    real = os.path.realpath(path.parent) + "/" + path.name
    if (mounted := mounts.below(real)) is not None:
        raise _MountedError(0, "", mounted)
    if entry.parent is None:
        shutil.rmtree(entry.name)
        return
    if entry.stat.st_dev != os.fstat(entry.parent).st_dev:
        raise _MountedError(0, "", real)
    top = os.open(entry.name, _FOLDER, dir_fd=entry.parent)
    try:
        found = os.fstat(top)
        if (found.st_dev, found.st_ino) != (entry.stat.st_dev, entry.stat.st_ino):
            detail = _("it was replaced in the meantime")
            raise SetupError("removal_refused", path=str(path), detail=detail)
        while _emptied(top, top, found.st_dev, 0):
            pass
    finally:
        os.close(top)
    os.rmdir(entry.name, dir_fd=entry.parent)


def _emptied(folder: int, top: int, device: int, depth: int) -> bool:
    """Remove all that is in an open folder; return whether some was moved to `top` instead."""
    moved = False
    with os.scandir(folder) as entries:
        found = [(e.name, e.is_dir(follow_symlinks=False)) for e in entries]
    # What says what and whose it is goes last: a removal that is killed can be proved again.
    found.sort(key=lambda row: [row[0].startswith(name) for name in reversed(_LAST)])
    for name, is_folder in found:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
            continue
        if depth >= _DEEPEST:
            os.rename(name, f".{os.urandom(8).hex()}", src_dir_fd=folder, dst_dir_fd=top)
            moved = True
            continue
        inner = os.open(name, _FOLDER, dir_fd=folder)
        try:
            if os.fstat(inner).st_dev != device:
                raise _MountedError(0, "", name)
            moved = _emptied(inner, top, device, depth + 1) or moved
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=folder)
    return moved
