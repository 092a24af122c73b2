"""Who and where: what a report that is handed on must not say."""

from __future__ import annotations

import getpass
import platform
from pathlib import Path


def names() -> tuple[str, str, str]:
    """Return the account, the computer and the home folder; empty where one is not known."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):  # no account for this number, as in containers
        user = ""
    return user, platform.node(), str(Path.home())
