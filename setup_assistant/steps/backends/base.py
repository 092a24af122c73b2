"""What every engine can do: make an empty environment. Packages enter through `install`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from setup_assistant.errors import SetupError
from setup_assistant.host.run import Outcome
from setup_assistant.steps.step import Teller


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to build: an environment with this Python at this prefix.

    `lock` is where the exact set with its hashes is kept (PEP 751), or read from if it was made
    from these requirements. `given_lock` is another site's, to be replayed. `offline` allows the
    cache and local folders only.
    """

    prefix: Path
    python: str
    conda_channel: str
    requirements: Path
    lock: Path
    given_lock: Path | None = None
    offline: bool = False
    scratch: Path
    expected_bytes: int
    tell: Teller


class Backend(Protocol):
    """An engine. `movable` environments are built aside and renamed into place."""

    name: str
    movable: bool

    def create(self, job: Job) -> None:
        """Make an environment with Python and nothing else at `job.prefix`.

        Raises:
            SetupError: `environment_failed` with the engine's last words.
        """

    def install(self, job: Job) -> None:
        """Install `job.requirements` into it."""


def failure(code: str, outcome: Outcome, **args: str) -> SetupError:
    """Return the error of a child that failed, with its own last words."""
    return SetupError(code, detail=last_words(outcome), **args)


def last_words(outcome: Outcome, lines: int = 6) -> str:
    """Return the end of what a child said, without blank lines."""
    if outcome.timed_out:
        return "no answer within the deadline"
    text = outcome.err.strip() or outcome.out.strip() or f"exit status {outcome.code}"
    return " / ".join(line.strip() for line in text.splitlines() if line.strip())[-600 * lines :]
