"""venv and pip: the last resort, where uv cannot run."""

from __future__ import annotations

from setup_assistant.host import run
from setup_assistant.site.layout import python_in
from setup_assistant.steps.backends import uv
from setup_assistant.steps.backends.base import Job, failure

_CREATE_SECONDS = 300.0


class Pip:
    """The standard library's own tools. Not movable: scripts carry the path."""

    name = "pip"
    movable = False

    def create(self, job: Job) -> None:
        """Make a plain virtual environment."""
        outcome = run.run(
            [uv.interpreter(job.python), "-m", "venv", job.prefix],
            deadline=_CREATE_SECONDS,
        )
        if not outcome.ok:
            raise failure("environment_failed", outcome, engine="venv")

    def install(self, job: Job) -> None:
        """Install the requirements with the environment's own pip, which reads pip.conf."""
        env = run.clean_environment({"TMPDIR": str(job.scratch)})
        outcome = run.run(
            [python_in(job.prefix), "-m", "pip", "install", "--disable-pip-version-check",
             "--progress-bar", "off", "--requirement", job.requirements],
            deadline=None,
            env=env,
            on_out=job.tell.detail,
        )  # fmt: skip
        if not outcome.ok:
            raise failure("install_failed", outcome)
