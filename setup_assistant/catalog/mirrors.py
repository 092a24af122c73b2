"""The sources of every leg, from `recipes/mirrors.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from setup_assistant.catalog.folder import Sourced, read

Leg = Literal["packages", "torch", "conda", "weights"]
Form = Literal["index", "find-links", "channel", "hub"]


@dataclass(frozen=True, kw_only=True)
class Mirror(Sourced):
    """One source of one leg.

    `url` may hold `{build}` (torch); `probe` is a small page that answers when the source does,
    `sample` a larger one that its speed is measured with (empty: the same).
    """

    leg: Leg
    name: str
    url: str
    form: Form
    region: Literal["official", "cn"]
    probe: str
    sample: str = ""

    def address(self, build: str = "") -> str:
        """Return the address for one torch build, e.g. "cu126" or "cpu"."""
        return self.url.replace("{build}", build)


@dataclass(frozen=True, kw_only=True)
class _File:
    mirror: tuple[Mirror, ...]


def load(folder: Path | None = None) -> tuple[Mirror, ...]:
    """Return every source, in order of preference within its leg."""
    return read("mirrors.toml", _File, folder).mirror
