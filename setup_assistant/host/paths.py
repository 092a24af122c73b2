"""Where this tool keeps things: one cache folder, and the checkout's recipes."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from setup_assistant.errors import SetupError

APP = "setup-assistant"
# In the file by which an account calls the agent of a room by this tool's name.
TOOL_SIGN = "# Made by fleet apply --install-tool of Setup Assistant."
_set_cache: ContextVar[Path | None] = ContextVar("package_cache", default=None)


def cache_folder() -> Path:
    """Return the one folder outside sites and environments that this tool writes.

    `SETUP_ASSISTANT_CACHE` wins over the platform's usual cache folder.
    """
    if override := os.environ.get("SETUP_ASSISTANT_CACHE"):
        return Path(override).expanduser().absolute()
    if _is_linux():
        # By the XDG Base Directory Specification, as platformdirs does, which takes 9 ms to load.
        # A relative path there is invalid, and to be ignored.
        named = Path(os.environ.get("XDG_CACHE_HOME", "").strip())
        return (named if named.is_absolute() else Path.home() / ".cache") / APP
    import platformdirs

    return platformdirs.user_cache_path(APP, appauthor=False)


def tool() -> Path:
    """Return the file by which an account calls the agent of a room."""
    return Path.home() / ".local" / "bin" / APP


def _is_linux() -> bool:
    return sys.platform == "linux"


def package_cache() -> Path:
    """Return uv's cache: the person's own (UV_CACHE_DIR) if named, else inside ours."""
    if override := os.environ.get("UV_CACHE_DIR"):
        return Path(override).expanduser()
    return _set_cache.get() or cache_folder() / "uv"


@contextlib.contextmanager
def package_cache_in(folder: Path) -> Iterator[None]:
    """Let packages be cached in `folder` for a while, unless the person named a cache."""
    token = _set_cache.set(folder)
    try:
        yield
    finally:
        _set_cache.reset(token)


def conda_cache() -> Path:
    """Return where conda packages and channel indexes are kept for the rattler engine."""
    return cache_folder() / "conda"


def log_folder() -> Path:
    """Return the folder of the rotating per-run logs."""
    return cache_folder() / "logs"


def default_site() -> Path:
    """Return the folder of a deployment nobody named."""
    return Path.home() / "qwen2-vl"


def typed(text: str) -> Path:
    """Return the absolute path that a person typed, or dragged into the terminal.

    Quotes and backslashes count as in a shell where they hold one name together; `~` and
    variables are filled in.

    Raises:
        SetupError: `home_unknown`.
    """
    words = [text]
    if os.name == "posix":
        with contextlib.suppress(ValueError):
            words = shlex.split(text)
    meant = os.path.expandvars(words[0] if len(words) == 1 else text)
    try:
        return Path(meant).expanduser().absolute()
    except RuntimeError as error:
        raise SetupError("home_unknown") from error


def check_name(path: Path) -> None:
    """Look whether something can have this name: Python 3.14 takes one that is too long for absent.

    Raises:
        OSError: a part of it is too long. Links in a circle, or a share that has gone, are for
            those who use the path to tell.
    """
    try:
        path.lstat()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise


def lock_file(name: str) -> Path:
    """Return the pinned and hashed packages of an extra of this tool, e.g. `conda`."""
    return Path(__file__).resolve().parent.parent / "locks" / f"{name}.txt"


def recipes_folder() -> Path:
    """Return the folder of the recipes: `SETUP_ASSISTANT_RECIPES`, the checkout's, the wheel's."""
    if override := os.environ.get("SETUP_ASSISTANT_RECIPES"):
        return Path(override).expanduser()
    package = Path(__file__).resolve().parent.parent
    inside = package / "recipes"
    return inside if inside.is_dir() else package.parent / "recipes"
