"""The packages of `serve`, in a folder of their own inside the environment."""

from __future__ import annotations

from pathlib import Path

from setup_assistant.catalog.stacks import Server
from setup_assistant.host import files, run
from setup_assistant.host.prefix import python_in
from setup_assistant.steps.backends import uv
from setup_assistant.steps.backends.base import failure

_STAMP = "installed.txt"


def folder_of(env: Path) -> Path:
    """Return where they lie. They go with the environment, and change none of its packages."""
    return env / "serve-packages"


def missing(env: Path, server: Server) -> bool:
    """Whether they are not there as pinned."""
    try:
        there = (folder_of(env) / _STAMP).read_text(encoding="utf-8")
    except OSError:
        return True
    return there.split() != list(server.packages)


def install(env: Path, server: Server, scratch: Path) -> None:
    """Install them, exactly as pinned and without what they would pull in.

    Raises:
        SetupError: `install_failed`, `not_writable`.
    """
    outcome = run.run(
        [uv.uv_program(), "pip", "install", "--quiet", "--no-deps", "--python", python_in(env),
         "--target", folder_of(env), *server.packages],
        deadline=None,
        env=uv.environment(scratch),
    )  # fmt: skip
    if not outcome.ok:
        raise failure("install_failed", outcome)
    # Last: a folder without it is installed again.
    files.write_text(folder_of(env) / _STAMP, "\n".join(server.packages) + "\n")
