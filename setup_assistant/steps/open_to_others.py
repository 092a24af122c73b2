"""Whether others can use what this account makes: said before, not found out in the lab."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.choose.plan import Plan, Reason
from setup_assistant.host import files, pythons
from setup_assistant.messages import msg

_OWN_PYTHON = ("conda", "mamba", "micromamba", "rattler")


def warnings(plan: Plan, site: Path) -> Iterator[Reason]:
    """Yield why a site that root makes at a place open to all could not be used by them."""
    if os.name == "nt" or os.geteuid() != 0 or closed(files.nearest_existing(site)):
        return
    python = pythons.find(plan.python) or _managed()
    shut = None if plan.backend in _OWN_PYTHON else closed(python.resolve())
    if shut:
        yield Reason(about="python", message=msg(
            "Other accounts cannot use this environment: its Python {python} lies in {folder}, "
            "which is closed to them. Install a Python {version} for all, or use "
            "--backend rattler.",
            python=str(python), folder=str(shut), version=plan.python,
        ))  # fmt: skip
    if (mask := _mask()) & 0o005:
        yield Reason(about="machine", message=msg(
            "Other accounts cannot use what is made: the umask {mask} closes it to them. To open "
            "it, first: umask 022", mask=f"{mask:03o}",
        ))  # fmt: skip


def closed(path: Path) -> Path | None:
    """Return the outermost folder on the way to a path that others may not enter."""
    for folder in reversed((path, *path.parents)):
        try:
            if folder.is_dir() and not folder.stat().st_mode & 0o001:
                return folder
        except OSError:
            return folder
    return None


def _managed() -> Path:
    """Return where uv puts the Pythons that it fetches."""
    given = os.environ.get("UV_PYTHON_INSTALL_DIR")
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(given) if given else Path(data) / "uv" / "python"


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
