"""How this tool is called here."""

from __future__ import annotations

import re

from setup_assistant._bootstrap_state import in_checkout

_NAME = re.compile(r"(?<![\w/.-])setup-assistant (?=[a-z-])")


def program() -> str:
    """Return the command that runs this tool: its name, or the module of a checkout."""
    return "python3 -m setup_assistant" if in_checkout() else "setup-assistant"


def spell(text: str) -> str:
    """Return `text` with the commands in it as they can be pasted here."""
    return _NAME.sub(f"{program()} ", text)
