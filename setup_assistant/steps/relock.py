"""The hashes of packages that are already installed, asked of the index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from setup_assistant.host import run, temporary
from setup_assistant.host.prefix import python_in
from setup_assistant.steps.backends import uv


def hashes_for(folder: Path, pins: list[str], options: tuple[str, ...]) -> str:
    """Return lock entries with hashes for exact `pins`; empty where no index tells them.

    Args:
        folder: the environment, whose Python and platform count.
        pins: exact requirements, e.g. "torch==2.15.0".
        options: index options for the resolver.
    """
    outcome = _compiled(
        "".join(f"{line}\n" for line in options), pins, "--no-header", "--no-annotate", "--no-deps",
        "--generate-hashes", "--python", str(python_in(folder)),
    )  # fmt: skip
    return outcome.out if outcome.ok else ""


def fitting(requirements: str, pins: Sequence[str], python: str) -> tuple[list[str], list[str]]:
    """Return which of `pins` can be installed beside requirements, and which cannot.

    Args:
        requirements: the text of a requirements file, with its index options.
        pins: exact requirements.
        python: the version of Python to resolve for.
    """

    def resolves(some: Sequence[str]) -> bool:
        return _compiled(requirements, some, "--no-python-downloads", "--python-version", python).ok

    if not pins or resolves(pins):
        return list(pins), []
    found = [pin for pin in pins if resolves([pin])]
    return found, [pin for pin in pins if pin not in found]


def _compiled(requirements: str, pins: Sequence[str], *how: str) -> run.Outcome:
    with temporary.folder() as scratch:
        wanted = scratch / "wanted.txt"
        wanted.write_text(requirements + "".join(f"{p}\n" for p in pins), encoding="utf-8")
        return run.run(
            [uv.uv_program(), "pip", "compile", "--quiet", *how, wanted],
            deadline=300,
            env=uv.environment(scratch, requirements=requirements),
        )
