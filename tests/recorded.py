"""Answers kept as text beside their test: compared whole, so that no word of one changes unseen.

Rewritten with SETUP_ASSISTANT_TEST_SCREENS=write; whoever does that reads the difference.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def compare(path: Path, found: Mapping[str, str]) -> None:
    """Compare texts by their names with those that a file keeps."""
    if os.environ.get("SETUP_ASSISTANT_TEST_SCREENS") == "write":
        text = "".join(f"== {name}\n{said.rstrip()}\n" for name, said in found.items())
        path.write_text(text, encoding="utf-8")
    kept = path.read_text(encoding="utf-8").split("== ")[1:]
    wanted = {name: text.rstrip() for name, _, text in (part.partition("\n") for part in kept)}
    assert {name: text.rstrip() for name, text in found.items()} == wanted
