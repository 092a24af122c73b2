"""conda, mamba and micromamba: Python from conda-forge, packages through uv."""

from __future__ import annotations

from pathlib import Path

from setup_assistant.host import run
from setup_assistant.steps.backends import uv
from setup_assistant.steps.backends.base import Job, failure

_CREATE_SECONDS = 1800.0


class Conda:
    """One of the conda family, found on this machine.

    Its environments carry their prefix in their files, so they are made in place: in a fresh
    prefix, marked unfinished until the packages are in.
    """

    movable = False

    def __init__(self, name: str, program: Path) -> None:
        self.name = name
        self._program = program

    def create(self, job: Job) -> None:
        """Make an environment with Python and pip from conda-forge alone.

        `--override-channels` keeps the person's default channels out, whose terms of service
        would stop a non-interactive run; `nodefaults` is not used, since conda 26.7 takes it
        for a channel.
        """
        outcome = run.run(
            [self._program, "create", "--yes", "--quiet", "--prefix", job.prefix,
             "--override-channels", "--channel", job.conda_channel,
             f"python={job.python}", "pip"],
            deadline=_CREATE_SECONDS,
            env=run.clean_environment(),
            on_out=job.tell.detail,
            on_err=job.tell.detail,
        )  # fmt: skip
        if not outcome.ok:
            raise failure("environment_failed", outcome, engine=self.name)

    def install(self, job: Job) -> None:
        """Install the packages with uv, so that every engine yields the same set."""
        uv.install(job)
