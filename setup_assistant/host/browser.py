"""Open a file in the person's browser."""

from __future__ import annotations

import webbrowser
from pathlib import Path


def open_page(path: Path) -> bool:
    """Open an HTML file; return whether a browser was found."""
    return webbrowser.open(path.absolute().as_uri())
