"""What every engine can do: make an empty environment. Packages enter through `install`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from setup_assistant.errors import SetupError
from setup_assistant.host.run import Outcome
from setup_assistant.steps.step import Teller


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to build: an environment with this Python at this prefix.

    `environment_yml` says what comes from `conda_channel`; `requirements` what is installed then.
    `lock` is where the exact set with its hashes is kept (PEP 751), or read from if it was made
    from these requirements. `given_lock` is another site's, to be replayed. `offline` allows the
    cache and local folders only; `left_out` are indexes of the person's that do not answer;
    `wheelhouse` is a folder of wheels, which then are all there is; `only_wheels` takes the
    newest releases that have a wheel for this system.
    `prefer_present` keeps the versions that the environment has wherever they fit; `called` is
    what a shell's prompt shows while it is active.
    """

    prefix: Path
    python: str
    conda_channel: str
    environment_yml: Path
    requirements: Path
    lock: Path
    given_lock: Path | None = None
    offline: bool = False
    wheelhouse: Path | None = None
    prefer_present: bool = False
    scratch: Path
    expected_bytes: int
    tell: Teller
    platform: str = ""
    left_out: tuple[str, ...] = ()
    only_wheels: bool = False
    called: str = ""

    def prompt(self) -> list[str | Path]:
        """Return options for a prompt; scripts of activation would not survive every name."""
        return ["--prompt", self.called] if re.fullmatch(r"\w[\w .-]*", self.called) else []

    def places(self) -> list[str | Path]:
        """Return options for a wheelhouse (and no index beside it), and for wheels only."""
        folder: list[str | Path] = []
        if self.wheelhouse:
            folder = ["--no-index", "--find-links", self.wheelhouse]
        return [*folder, *(["--only-binary", ":all:"] if self.only_wheels else [])]


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


def suited(prefix: Path) -> None:
    """Refuse a folder whose programs no shell could find.

    Raises:
        SetupError: `prefix_divided`.
    """
    # A drive of Windows has none of its separators in it.
    if os.pathsep in str(prefix):
        raise SetupError("prefix_divided", path=str(prefix), character=repr(os.pathsep))


def suited_to_conda(prefix: Path) -> None:
    """Refuse a folder that a conda environment would not survive.

    Its packages write the prefix into Python and shell texts, within quotes.

    Raises:
        SetupError: `prefix_unsuited`, naming the character, or as `suited`.
    """
    suited(prefix)
    own = "'\"" if os.name == "nt" else "'\"\\\n"
    for character in own:
        if character in str(prefix):
            raise SetupError("prefix_unsuited", path=str(prefix), character=repr(character))


def failure(code: str, outcome: Outcome, **args: str) -> SetupError:
    """Return the error of a child that failed, with its own last words."""
    return SetupError(code, detail=outcome.last_words(), **args)
