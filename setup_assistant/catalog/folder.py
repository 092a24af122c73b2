"""Which folder the recipes are read from."""

from __future__ import annotations

from pathlib import Path


def recipes(folder: Path | None = None) -> Path:
    """Return `folder`, or the folder of the recipes that this tool came with."""
    if folder is not None:
        return folder
    # The one look outside that a reader takes: where its own data lies.
    from setup_assistant.host import paths

    return paths.recipes_folder()
