"""Folders of this tool's own in a home, and those above them that were made for them."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path

from setup_assistant.host import files
from setup_assistant.messages import _

# How many folders above one of this tool's were made with it; a bundle's launcher writes it, too.
ABOVE = ".setup-assistant-above"


def make_below(root: Path, folder: Path) -> None:
    """Make a folder of this tool's below `root`, as in its cache; through no link below it.

    Where folders above `root` are made for it, `root` tells how many: they are nobody else's.

    Raises:
        OSError: it cannot be made, or a link is on the way.
    """
    if link := files.linked(root, folder):
        raise NotADirectoryError(errno.ENOTDIR, _("{link} is a link", link=str(link)), str(link))
    above = sum(not p.exists() for p in root.parents)
    folder.mkdir(parents=True, exist_ok=True)
    if above:
        with contextlib.suppress(OSError):
            files.write_text(root / ABOVE, f"{above}\n")


def made_above(root: Path) -> tuple[Path, ...]:
    """Return the folders that `make_below` has made above `root`, inner ones first."""
    try:
        count = int(files.plain(root / ABOVE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return tuple(root.parents)[: max(count, 0)]
