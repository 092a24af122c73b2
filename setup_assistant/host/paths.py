"""Where this tool keeps things: one cache folder, and the checkout's recipes."""

from __future__ import annotations

import os
from pathlib import Path

APP = "setup-assistant"


def cache_folder() -> Path:
    """Return the one folder outside sites and environments that this tool writes.

    `SETUP_ASSISTANT_CACHE` wins over the platform's usual cache folder.
    """
    if override := os.environ.get("SETUP_ASSISTANT_CACHE"):
        return Path(override).expanduser()
    import platformdirs

    return platformdirs.user_cache_path(APP, appauthor=False)


def package_cache() -> Path:
    """Return uv's cache: the person's own (UV_CACHE_DIR) if named, else inside ours."""
    if override := os.environ.get("UV_CACHE_DIR"):
        return Path(override).expanduser()
    return cache_folder() / "uv"


def log_folder() -> Path:
    """Return the folder of the rotating per-run logs."""
    return cache_folder() / "logs"


def default_site() -> Path:
    """Return the folder of a deployment nobody named."""
    return Path.home() / "qwen2-vl"


def recipes_folder() -> Path:
    """Return the folder of the recipes: `SETUP_ASSISTANT_RECIPES`, the checkout's, the wheel's."""
    if override := os.environ.get("SETUP_ASSISTANT_RECIPES"):
        return Path(override).expanduser()
    package = Path(__file__).resolve().parent.parent
    inside = package / "recipes"
    return inside if inside.is_dir() else package.parent / "recipes"
