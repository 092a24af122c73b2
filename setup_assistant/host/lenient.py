"""What may be missing, damaged or anybody's: what it holds, and nothing where it fails."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from setup_assistant.host import files


def text(path: Path) -> str:
    """Return a file's text without white space at its end; empty where it cannot be read."""
    with contextlib.suppress(OSError):
        return files.plain(path).read_text(encoding="utf-8", errors="replace").rstrip()
    return ""


def is_text(path: Path) -> bool:
    """Whether a file, if it is there and may be read, holds text in UTF-8 and no zeros."""
    with contextlib.suppress(OSError):
        data = files.plain(path).read_bytes()
        try:
            return b"\0" not in data and bool(data.decode("utf-8") or True)
        except UnicodeDecodeError:
            return False
    return True


def json_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; empty where there is none."""
    with contextlib.suppress(OSError):
        return parsed(files.plain(path).read_bytes())
    return {}


def parsed(said: str | bytes) -> dict[str, Any]:
    """Return a JSON object, such as a line of a child's; empty where it is none."""
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(said)
        return value if isinstance(value, dict) else {}
    return {}
