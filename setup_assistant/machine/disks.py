"""Free room on the disks that a deployment writes to."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from setup_assistant.host import files, paths
from setup_assistant.machine.facts import Disk


def read(site: Path | None = None) -> Iterator[Disk]:
    """Yield site, cache and temp, one by one, since a dead network disk can hang."""
    yield _disk("site", site or paths.default_site())
    yield _disk("cache", paths.package_cache())
    yield _disk("temp", Path(tempfile.gettempdir()))


def _disk(role: Literal["site", "cache", "temp"], path: Path) -> Disk:
    """Return one disk; sizes are None where it cannot be asked."""
    path = path.expanduser().absolute()
    try:
        place = files.nearest_existing(path)
        # `free` is f_bavail: what an ordinary user may write, without root's reserve.
        usage = shutil.disk_usage(place)
        device = str(place.stat().st_dev)
    except OSError:
        return Disk(role=role, path=os.fspath(path))
    return Disk(
        role=role,
        path=os.fspath(path),
        free_bytes=usage.free,
        total_bytes=usage.total,
        device=device,
    )
