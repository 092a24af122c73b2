"""Pictures and clips named on a command line: told from the question, and looked at first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from setup_assistant.errors import SetupError

_PICTURES = frozenset({
    ".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".heif", ".avif",
})  # fmt: skip
_URLS = ("http://", "https://")


def split(words: tuple[str, ...]) -> tuple[list[str], str]:
    """Return the files and the question of `PICTURE... "question"`; the last word may be one.

    A word is a file if it exists, is an address, or ends as pictures and clips do.
    """
    from setup_assistant.verify.ask import VIDEO_SUFFIXES

    if not words:
        return [], ""
    *before, last = words
    known = _PICTURES | VIDEO_SUFFIXES
    looks = (
        last.startswith(_URLS)
        or (" " not in last and Path(last).suffix.lower() in known)
        or names(last)
    )
    return ([*before, last], "") if looks else (before, last)


def checked(words: list[str]) -> list[str]:
    """Return absolute paths, or addresses as they are.

    Raises:
        SetupError: `file_missing`, `input_unsuited`, naming the file.
    """
    return [w if w.startswith(_URLS) else _checked(w) for w in words]


def _checked(word: str) -> str:
    path = Path(word).expanduser().absolute()
    if not path.exists():
        raise SetupError("file_missing", path=str(path), flag="PICTURE")
    if not path.is_file():
        raise SetupError("input_unsuited", path=str(path))
    return str(path)


def names(word: str, kind: Callable[[Path], bool] = Path.exists) -> bool:
    """Whether a word names something that is there, of a kind."""
    try:
        return kind(Path(word).expanduser())
    except (OSError, ValueError, RuntimeError):  # a question may be longer than a name can be
        return False
