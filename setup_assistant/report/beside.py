"""What lies beside a receipt when its report is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from setup_assistant.choose.plan import Plan
from setup_assistant.machine.facts import Machine


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What lies beside a receipt, as values; each may be missing.

    `pictures` maps a file's base name to its bytes (a clip's film strip is
    `NAME.strip.png`); `sums` maps a file's name to its SHA-256; `site` is the folder of the site.
    """

    plan: Plan | None = None
    machine: Machine | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    sums: Mapping[str, str] = field(default_factory=dict)
    site: str = ""
