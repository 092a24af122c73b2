"""Screens kept as text: compared by tests, rewritten with SETUP_ASSISTANT_TEST_SCREENS=write."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path(__file__).parent / "screens"
# What changes with a release or a run, each kept as wide as it is.
_CHANGES = (
    re.compile(r"\d+(?:\.\d+)+"),
    re.compile(r"\bcu\d+"),
    re.compile(r"(?<=/tmp/sa-)\d[\d\n]*"),  # a line may end inside it
    re.compile(r"\d+(?= (?:s|min|minutes|项|秒|分钟|more))"),
)


def masked(lines: Iterable[str]) -> str:
    """Return a screen with `#` for what changes."""
    text = "\n".join(lines)
    for pattern in _CHANGES:
        text = pattern.sub(lambda found: re.sub(r"[0-9a-z_]", "#", found[0]), text)
    return text


def same(name: str, screens: Iterable[tuple[str, list[str]]]) -> None:
    """Compare titled screens with those kept under `name`; each is kept from its first news."""
    found, before = "", list[str]()
    for title, lines in screens:
        new = next((i for i, (a, b) in enumerate(zip(before, lines, strict=False)) if a != b),
                   min(len(before), len(lines)))  # fmt: skip
        found += f"══ {title}\n{masked(lines[new:])}\n\n"
        before = lines
    path = FOLDER / f"{name}.txt"
    if os.environ.get("SETUP_ASSISTANT_TEST_SCREENS") == "write":
        path.write_text(found, encoding="utf-8")
    assert path.exists(), f"no screens kept as {path}"
    assert found == path.read_text(encoding="utf-8")
