"""Files that may be missing, damaged or anybody's: what they hold, and nothing where they fail."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any


def text(path: Path) -> str:
    """Return a file's text without white space at its end; empty where it cannot be read."""
    with contextlib.suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace").rstrip()
    return ""


def json_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; empty where there is none."""
    # A pipe by that name would never end.
    with contextlib.suppress(OSError, ValueError, RecursionError):
        value = json.loads(path.read_bytes()) if path.is_file() else None
        return value if isinstance(value, dict) else {}
    return {}
