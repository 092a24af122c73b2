"""Put a new environment where an old one is, so that at any moment one of them is whole.

Beside the prefix lie `NAME.part`, what is being built, and `NAME.old`, what is being replaced.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

# Removes what is this site's own, and refuses anything else.
Remove = Callable[[Path], object]


def part(prefix: Path) -> Path:
    """Return where an environment is built before it takes its place."""
    return prefix.with_name(prefix.name + ".part")


def old(prefix: Path) -> Path:
    """Return where the environment that is being replaced waits."""
    return prefix.with_name(prefix.name + ".old")


def there(path: Path) -> bool:
    """Whether anything has this name, a link to nowhere included."""
    return path.is_symlink() or path.exists()


def recover(prefix: Path, remove: Remove, *, whole: bool) -> None:
    """Clean up after a run that was killed while it replaced an environment.

    Args:
        prefix: the environment's place.
        remove: removes an environment.
        whole: whether what is there now is finished; else the old one comes back.
    """
    waiting = old(prefix)
    if not there(waiting):
        return
    if whole:
        remove(waiting)
        return
    remove(prefix)
    waiting.rename(prefix)


@contextlib.contextmanager
def building(prefix: Path, remove: Remove, *, movable: bool) -> Iterator[Path]:
    """Yield the folder to build in; afterwards it is at `prefix`, and the old one is gone.

    What cannot be moved is built in place, with the old one set aside. Where the building
    fails, the old one is where it was; without an old one, what was built so far stays.
    """
    target = part(prefix) if movable else prefix
    remove(part(prefix))
    replaces = there(prefix)
    if movable:
        try:
            yield target
        except BaseException:
            # The package cache keeps what arrived; half an environment is of no use.
            remove(target)
            raise
    if replaces:
        remove(old(prefix))
        prefix.rename(old(prefix))
    try:
        if movable:
            target.rename(prefix)
        else:
            yield target
    except BaseException:
        if replaces:
            remove(prefix)
            old(prefix).rename(prefix)
        raise
    remove(old(prefix))
