"""An environment as it was before a change: hard links within it, put back by renaming.

What installers write they write anew, so that links to the files before are a copy that costs
seconds and no room. Few small texts are written in place by some tools; these are copied.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import durable, files, removal
from setup_assistant.host.prefix import kind, site_packages
from setup_assistant.host.removal_proofs import called

_NAME = ".setup-assistant-before"
# What engines and packages make in a prefix; a project may lie beside it.
_PARTS = ("bin", "Scripts", "Library", "lib", "Lib", "DLLs", "include", "share", "etc", "man",
          "ssl", "sbin", "libexec", "var", "conda-meta", "pyvenv.cfg")  # fmt: skip
_LIST = "parts"
_REWRITTEN = ("bin", "Scripts")
_TEXTS = (".pth", ".cfg")


def take(prefix: Path) -> None:
    """Keep an environment as it is now; what was kept before is forgotten.

    Raises:
        SetupError: `not_writable` or `disk_filled`; nothing is kept then.
    """
    forget(prefix)
    fresh = prefix / f"{_NAME}-new"
    removal.remove(fresh, under=prefix, proof=called(fresh, folders=True))
    try:
        parts = _present(prefix)
        for part in parts:
            (fresh / part).parent.mkdir(parents=True, exist_ok=True)
            _copied(prefix / part, fresh / part)
        files.write_text(fresh / _LIST, "\n".join((_ours(), *parts)))
        durable.rename(fresh, prefix / _NAME)
    except OSError as error:
        removal.tidy(fresh, under=prefix, proof=called(fresh, folders=True))
        raise files.refusal(error, prefix, flag="--env") from error


def is_kept(prefix: Path) -> bool:
    """Whether an environment was kept by a run that ended without putting back or forgetting."""
    import psutil

    if not (prefix / _NAME).is_dir():
        return False
    try:
        holder, began = _listed(prefix)[0].split()
        return f"{psutil.Process(int(holder)).create_time()}" != began
    except (OSError, ValueError, IndexError, psutil.Error):
        return True


def put_back(prefix: Path) -> None:
    """Bring an environment back to what was kept; one that was begun is ended.

    Raises:
        SetupError: `not_writable` where the system refuses; a later call goes on.
    """
    kept, gone = prefix / _NAME, prefix / f"{_NAME}-gone"
    try:
        parts = _listed(prefix)[1:]
        for part in {*parts, *_present(prefix)}:
            # One that is listed and not there was put back by a call that was killed.
            waits = os.path.lexists(kept / part)
            if os.path.lexists(prefix / part) and (waits or part not in parts):
                _aside(prefix / part, gone / part)
            if waits:
                durable.rename(kept / part, prefix / part)
    except OSError as error:
        raise files.refusal(error, prefix, flag="--env") from error
    removal.tidy(gone, under=prefix, proof=called(gone, folders=True))
    forget(prefix)


def forget(prefix: Path) -> None:
    """Remove what was kept."""
    kept = prefix / _NAME
    if not kept.is_dir():
        return
    # Its name goes first: half of it must never be put back.
    old = prefix / f"{_NAME}-old"
    with contextlib.suppress(OSError, SetupError):
        removal.remove(old, under=prefix, proof=called(old, folders=True))
        durable.rename(kept, old)
        removal.remove(old, under=prefix, proof=called(old, folders=True))


def _ours() -> str:
    """Return this process: its number, and when it began, since numbers are given again."""
    import psutil

    return f"{os.getpid()} {psutil.Process().create_time()}"


def _listed(prefix: Path) -> list[str]:
    return (prefix / _NAME / _LIST).read_text(encoding="utf-8").splitlines()


def _parts(folder: Path) -> tuple[str, ...]:
    """Return what belongs to an environment, relative to it."""
    if kind(folder) is not None:
        return _PARTS
    # A system's own Python: its folders of packages only.
    return tuple(str(f.relative_to(folder)) for f in site_packages(folder))


def _present(folder: Path) -> tuple[str, ...]:
    return tuple(p for p in _parts(folder) if os.path.lexists(folder / p))


def _aside(place: Path, gone: Path) -> None:
    if os.path.lexists(gone):
        removal.remove(gone, under=gone.parent, proof=called(gone, folders=True))
    gone.parent.mkdir(parents=True, exist_ok=True)
    durable.rename(place, gone)


def _copied(source: Path, target: Path, *, rewritten: bool = False) -> None:
    """Copy a file, link or folder by hard links where the file system has them."""
    if source.is_symlink():
        target.symlink_to(source.readlink())
    elif source.is_dir():
        target.mkdir()
        for entry in _entries(source):
            _copied(entry, target / entry.name, rewritten=source.name in _REWRITTEN)
        shutil.copystat(source, target)
    elif rewritten or source.suffix in _TEXTS:
        shutil.copy2(source, target)
    else:
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)


def _entries(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as found:
        yield from [Path(entry.path) for entry in found]
