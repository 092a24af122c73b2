"""What became of each host: one frozen value, said in one sentence with its remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from setup_assistant.agent.inside.verdict import changed
from setup_assistant.messages import Message

Status = Literal["ok", "failed", "unreachable", "refused", "unfinished"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a host said to one command line of this tool: exit status and envelope."""

    command: str
    code: int
    envelope: Mapping[str, Any]

    @property
    def data(self) -> Mapping[str, Any]:
        """The envelope's data."""
        found = self.envelope.get("data")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One host at the end of a run. `code` names what happened; "" where all is well.

    `machine` is a sum of the machine's own id, `home` what names its home folder, `seconds` what
    the job took there.
    """

    host: str
    status: Status
    code: str = ""
    reason: Message | None = None
    remedy: Message | None = None
    seconds: float | None = None
    machine: str = ""
    hostname: str = ""
    home: str = ""
    answers: tuple[Answer, ...] = ()
    groups: tuple[str, ...] = ()
    notes: tuple[Message, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether nothing is left to do here."""
        return self.status == "ok"

    def answer(self, command: str) -> Answer | None:
        """Return the answer to a command, e.g. `plan`."""
        return next((a for a in self.answers if a.command == command), None)

    @property
    def changed(self) -> bool:
        """Whether the run did anything on this host."""
        return changed((a.command, a.code, a.envelope) for a in self.answers)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.host,
            "status": self.status,
            "code": self.code,
            "reason": str(self.reason) if self.reason else "",
            "remedy": str(self.remedy) if self.remedy else "",
            "changed": self.changed,
            "seconds": self.seconds,
            "machine": self.machine,
            "hostname": self.hostname,
            "groups": list(self.groups),
            "notes": [str(n) for n in self.notes],
            "results": {a.command: dict(a.envelope) for a in self.answers},
        }
