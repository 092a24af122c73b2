"""Packages that remedies name, with releases that an index has, from `recipes/resolved.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from setup_assistant.catalog.folder import Sourced, read


@dataclass(frozen=True, kw_only=True)
class Resolved(Sourced):
    """The whole recipe. `packages`: name → releases that were found, the newest first."""

    packages: dict[str, tuple[str, ...]]


load = partial(read, "resolved.toml", Resolved)
