"""uv: the embedded default. It also installs the packages into every other environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import paths, run, usage
from setup_assistant.host.pip_settings import uv_environment
from setup_assistant.site.layout import python_in
from setup_assistant.steps.backends import lock
from setup_assistant.steps.backends.base import Job, failure, last_words
from setup_assistant.words import msg

_CREATE_SECONDS = 300.0
# What uv says when the network, not the request, is at fault.
_NETWORK = (
    "error sending request",
    "failed to fetch",
    "dns error",
    "tcp connect",
    "timed out",
    "connection refused",
    "network unreachable",
    "tls handshake",
    "certificate",
    "network was disabled",
)


class Uv:
    """Makes movable environments with the uv that comes as a dependency."""

    name = "uv"
    movable = True

    def create(self, job: Job) -> None:
        """Make a relocatable environment with pip in it."""
        outcome = run.run(
            [uv_program(), "venv", "--quiet", "--relocatable", "--seed", "--no-project",
             "--python", interpreter(job.python), job.prefix],
            deadline=_CREATE_SECONDS,
            env=environment(job.scratch, offline=job.offline),
        )  # fmt: skip
        if not outcome.ok:
            cause = _known_cause(outcome, job.prefix)
            raise cause or failure("environment_failed", outcome, engine="uv")

    def install(self, job: Job) -> None:
        """Install the requirements with live progress."""
        install(job)


def install(job: Job) -> None:
    """Install what `job` asks for into `job.prefix`, whichever engine made it.

    The set is locked first, so that a rerun, a repair and another site get the same one, with
    its hashes compared.

    Raises:
        SetupError: `no_space`, `packages_unreachable` or `install_failed`.
    """
    watch = _Watch(job)
    wanted = lock.lock_for(job, _run)
    hashes = [] if wanted == job.requirements else ["--require-hashes"]
    outcome = _run(
        job,
        [
            "pip",
            "install",
            "--no-progress",
            "--python",
            python_in(job.prefix),
            *hashes,
            "-r",
            wanted,
        ],
        watch,
    )
    if not outcome.ok:
        raise _explain(outcome, job.prefix)


def _run(job: Job, arguments: list[str | Path], watch: _Watch | None = None) -> run.Outcome:
    return run.run(
        [uv_program(), *arguments],
        deadline=None,
        env=environment(job.scratch, offline=job.offline),
        on_start=watch.started if watch else None,
        on_tick=watch.tick if watch else None,
        on_err=job.tell.detail,
    )


def _explain(outcome: run.Outcome, prefix: Path) -> SetupError:
    return _known_cause(outcome, prefix) or failure("install_failed", outcome)


def _known_cause(outcome: run.Outcome, prefix: Path) -> SetupError | None:
    words = last_words(outcome)
    lowered = words.lower()
    if "no space left" in lowered or "os error 28" in lowered:
        return SetupError("disk_filled", path=str(prefix))
    if any(sign in lowered for sign in _NETWORK):
        return SetupError("packages_unreachable", detail=words)
    if "hash mismatch" in lowered:
        return SetupError("hash_mismatch", detail=words)
    return None


def uv_program() -> Path:
    """Return the uv that was installed with this tool."""
    import uv

    return Path(uv.find_uv_bin())


def environment(scratch: Path, *, offline: bool = False) -> dict[str, str]:
    """Return uv's environment: the person's pip settings in uv's words, and our cache."""
    env = run.clean_environment(uv_environment(dict(os.environ)))
    env["UV_CACHE_DIR"] = str(paths.package_cache())
    env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    env.setdefault("UV_HTTP_TIMEOUT", "120")
    env.setdefault("UV_NO_PROGRESS", "1")
    env["NO_COLOR"] = "1"
    if offline:
        env["UV_OFFLINE"] = "1"
    # Wheels are unpacked in the cache, but builds use TMPDIR, which may be a small tmpfs.
    env["TMPDIR"] = str(scratch)
    return env


def interpreter(version: str) -> str:
    """Return the Python for an environment: ours if it has that version, else the version."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return getattr(sys, "_base_executable", None) or sys.executable
    return version


class _Watch:
    """Turns what uv writes to disk into progress: uv itself is silent without a terminal."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._pid = 0
        self._most = 0

    def started(self, pid: int) -> None:
        self._pid = pid

    def tick(self) -> None:
        written = usage.written_bytes(self._pid)
        if written is None:
            self._job.tell.progress(0, None, msg("Installing packages"))
            return
        self._most = max(self._most, written)
        total = max(self._job.expected_bytes, self._most)
        self._job.tell.progress(self._most, total, msg("Installing packages"))
