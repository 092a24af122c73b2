"""The first question at once, as plain text, while the prompt library loads."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

from setup_assistant.cli.terminal import show


@contextlib.contextmanager
def painted(heading: str, titles: dict[str, str], default: str) -> Iterator[None]:
    """Show the first question at once, as plain text, while the prompt library loads."""
    if "questionary" in sys.modules or os.name == "nt":
        yield
        return
    mark = "»" if show.can_draw() else ">"
    lines = [heading]
    lines += [(f" {mark} " if value == default else "   ") + t for value, t in titles.items()]
    shown = "\n".join(lines).split("\n")
    sys.stdout.write("\n".join(shown) + "\n")
    sys.stdout.flush()
    yield
    sys.stdout.write(f"\x1b[{len(shown)}A\x1b[J")
    sys.stdout.flush()


@contextlib.contextmanager
def unechoed() -> Iterator[None]:
    """Keep keys that are pressed too early from being drawn; the prompt still gets them."""
    if os.name == "nt" or not sys.stdin.isatty():
        yield
        return
    import termios

    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    silent = [*before]
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(number, termios.TCSANOW, silent)
    try:
        yield
    finally:
        termios.tcsetattr(number, termios.TCSANOW, before)
