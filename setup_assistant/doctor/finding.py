"""What the doctor says: one frozen value per finding."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal

from setup_assistant.catalog.causes import LAYERS, Layer
from setup_assistant.messages import Message

__all__ = ["LAYERS", "Confidence", "Diagnosis", "Evidence", "Finding", "Fix", "Layer", "Status"]

Status = Literal["ok", "warn", "fail", "unknown", "skipped", "blocked"]
Confidence = Literal["proven", "inferred"]
Evidence = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Fix:
    """What mends a finding.

    `commands` are shell lines, ready to paste. `automatic` says that `doctor --fix` may run
    them: never those that need root, nor those that must be typed into the person's own shell.
    """

    advice: Message
    commands: tuple[str, ...] = ()
    needs_root: bool = False
    needs_reboot: bool = False
    reversible: bool = True
    automatic: bool = False


# Programs and words of commands that show something and change nothing.
_SHOW = ("apt-cache", "apt-mark", "cat", "curl", "dcgmi", "df", "dir", "dmesg", "env", "findstr",
         "free", "getconf", "grep", "head", "hostname", "id", "kubectl", "ldconfig", "ldd", "ls",
         "lspci", "lsmod", "module", "netstat", "nvidia-smi", "pgrep", "ps", "quota", "resolvectl",
         "rocminfo", "sacct", "sinfo", "squeue", "ss", "stat", "systeminfo", "tail", "tasklist",
         "type", "ulimit", "uname")  # fmt: skip
_SHOWING = (" pip check", " pip list", " pip show ", " pip index ", " config list",
            " config debug", " config --show", " config --validate", " list", " --list",
            " -X faulthandler ", " ls-remote ", " docker ps", " status", "--version",
            " --help")  # fmt: skip


# What follows another command, and what takes its output further than the screen.
_AND_THEN = re.compile(r";|&&|\|\|")
_KEEPING = re.compile(r"\|\s*(?:sudo|tee|(?:ba)?sh)\b|^curl(?:\s\S+)*?\s-\w*[oO]\b")


def only_shows(command: str) -> bool:
    """Whether a command only shows something: it tells more, and mends nothing."""
    return all(map(_shows, _AND_THEN.split(command)))


def _shows(command: str) -> bool:
    command = command.strip()
    program = PurePath(command.partition(" ")[0]).name
    shown = program in _SHOW or any(word in f" {command}" for word in _SHOWING)
    return shown and not _KEEPING.search(command)


def keeps_everything(commands: Sequence[str]) -> bool:
    """Whether commands can be undone: none of them removes anything."""
    words = (command.replace("'", "").split() for command in commands)
    return not any("uninstall" in w or "rm" in w[:1] or "remove" in w[:3] for w in words)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One diagnosis.

    `evidence` are pairs of source and value. `confidence` is "proven" where a file, an interface
    or a run said so, "inferred" where only a text or a comparison did. `consequence_of` is the id
    of the finding whose symptom this one is; of a blocked one, what blocks it.
    """

    id: str
    layer: Layer
    status: Status
    evidence: tuple[Evidence, ...] = ()
    cause: Message | None = None
    confidence: Confidence = "proven"
    fix: Fix | None = None
    primary: bool = False
    consequence_of: str | None = None
    links: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain JSON values, its sentences in the language in use."""
        return {
            "id": self.id,
            "layer": self.layer,
            "status": self.status,
            "evidence": [{"source": s, "value": v} for s, v in self.evidence],
            "cause": str(self.cause) if self.cause else None,
            "confidence": self.confidence,
            "fix": _fix(self.fix) if self.fix else None,
            "primary": self.primary,
            "consequence_of": self.consequence_of,
            "links": list(self.links),
        }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "commands": list(fix.commands),
        "needs_root": fix.needs_root,
        "needs_reboot": fix.needs_reboot,
        "reversible": fix.reversible,
        "automatic": fix.automatic,
        "advice": str(fix.advice),
    }


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """All findings, the primary one first. Times in seconds."""

    findings: tuple[Finding, ...]
    seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """The findings that fail, the primary one first."""
        return tuple(f for f in self.findings if f.status == "fail")
