"""venv and pip: the last resort, where uv cannot run."""

from __future__ import annotations

from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import run
from setup_assistant.host.pip_settings import without_choices
from setup_assistant.host.prefix import python_in
from setup_assistant.host.run import Outcome
from setup_assistant.steps.backends import lock, uv
from setup_assistant.steps.backends.base import Job, failure, suited

_CREATE_SECONDS = 300.0
_CAUSES = {
    "disk_filled": ("no space left on device", "errno 28"),
    "hash_mismatch": ("do not match the hashes",),
    "packages_unreachable": (
        "connection broken", "max retries exceeded", "newconnectionerror", "read timed out",
        "connection aborted", "proxyerror", "sslerror", "temporary failure in name resolution",
    ),
    "wheel_missing": ("no matching distribution found",),
}  # fmt: skip


class Pip:
    """The standard library's own tools. Not movable: scripts carry the path."""

    name = "pip"
    movable = False

    def create(self, job: Job) -> None:
        """Make a plain virtual environment.

        Raises:
            SetupError: `prefix_divided`, `disk_filled` or `environment_failed`.
        """
        suited(job.prefix)
        # -I: a venv.py where the person is would be run instead. pip apart: venv keeps to itself
        # what pip says, such as that the disk is full.
        _make(job, uv.interpreter(job.python), "venv", "--without-pip", *job.prompt(),
              job.prefix)  # fmt: skip
        _make(job, python_in(job.prefix), "ensurepip", "--upgrade", "--default-pip")

    def install(self, job: Job) -> None:
        """Install the locked set with the environment's own pip, which reads pip.conf.

        Without a lock, and with no uv to make one, the requirements are installed as they are.

        Raises:
            SetupError: `hash_mismatch`, `wheel_missing`, `packages_unreachable`, `disk_filled`
                or `install_failed`.
        """
        wanted = lock.lock_for(job, _uv)
        outcome = run.run(
            [python_in(job.prefix), "-I", "-m", "pip", "install", "--disable-pip-version-check",
             "--progress-bar", "off", "--requirement", wanted,
             *(["--require-hashes"] if wanted != job.requirements else []),
             *(["--no-index"] if job.offline and not job.wheelhouse else []), *job.places()],
            deadline=None,
            env=environment(job),
            on_out=job.tell.detail,
        )  # fmt: skip
        if not outcome.ok:
            raise _cause(outcome, job) or failure("install_failed", outcome)


def _make(job: Job, python: str | Path, *module: str | Path) -> None:
    outcome = run.run([python, "-I", "-m", *module], deadline=_CREATE_SECONDS, env=environment(job))
    if not outcome.ok:
        raise _cause(outcome, job) or failure("environment_failed", outcome, engine="venv")


def environment(job: Job) -> dict[str, str]:
    """Return pip's environment: the person's sources, and nothing else that decides."""
    return without_choices(run.clean_environment({"TMPDIR": str(job.scratch)}))


def _uv(job: Job, arguments: list[str | Path]) -> Outcome:
    """Run uv, which alone can lock; where it cannot run, that is the outcome."""
    try:
        program = uv.uv_program()
    except (ImportError, OSError) as error:
        return Outcome(127, "", str(error), 0.0)
    env = uv.job_environment(job)
    return run.run([program, *arguments], deadline=None, env=env, on_err=job.tell.detail)


def _cause(outcome: Outcome, job: Job) -> SetupError | None:
    words = outcome.last_words()
    lowered = f"{outcome.out}\n{outcome.err}".lower()
    for code, signs in _CAUSES.items():
        if any(sign in lowered for sign in signs):
            if code == "wheel_missing" and not (job.offline or job.wheelhouse):
                return None
            return SetupError(code, detail=words, path=str(job.prefix))
    return None
