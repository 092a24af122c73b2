"""Say which sources have not answered yet and are waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setup_assistant.cli.terminal import show
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.machine.facts import Source


def say_waiting(source: Source) -> None:
    """Say that a source has not answered yet, and is waited for."""
    url = source.url.replace("{build}", "cpu")
    said = _("Still waiting for {url}: it has not answered yet.", url=url)
    show.note(f"{show.ellipsis()} {said}")
