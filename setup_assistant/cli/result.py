"""What a verb returns: a frozen value, rendered once, as text or as the JSON envelope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from setup_assistant.errors import Exit, SetupError
from setup_assistant.host.program import spell

SCHEMA = "setup-assistant/1"


@dataclass(frozen=True)
class Problem:
    """One entry of the envelope's `errors`: a stable code, a sentence, a remedy."""

    code: str
    message: str
    hint: str

    @classmethod
    def of(cls, error: SetupError) -> Problem:
        """Return the problem of an error, in the language in use."""
        return cls(error.code, spell(str(error.message)), spell(str(error.hint)))


@dataclass(frozen=True)
class Result:
    """The outcome of one verb.

    `data` holds plain JSON values (sizes in bytes, times in seconds, versions as strings).
    `text` draws it for a person; it may be empty where everything was shown while running.
    """

    command: str
    data: Mapping[str, Any] = field(default_factory=dict)
    exit_code: Exit = Exit.DONE
    errors: tuple[Problem, ...] = ()
    text: Callable[[], None] | None = None

    @property
    def status(self) -> str:
        """`ok`, `partial` or `error`."""
        if self.exit_code == Exit.DONE:
            return "ok"
        return "partial" if self.exit_code == Exit.PARTLY else "error"

    def envelope(self) -> dict[str, Any]:
        """Return the value that `--json` prints."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "status": self.status,
            "exit_code": int(self.exit_code),
            "data": dict(self.data),
            "errors": [{"code": e.code, "message": e.message, "hint": e.hint} for e in self.errors],
        }
