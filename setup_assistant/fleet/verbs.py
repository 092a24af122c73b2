"""The verbs of a fleet, by name; nothing else, so that `--help` loads nothing else."""

from __future__ import annotations

from typing import Literal

Verb = Literal["probe", "plan", "apply", "verify", "doctor", "report", "uninstall"]
