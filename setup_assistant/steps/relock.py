"""The hashes of packages that are already installed, asked of the index."""

from __future__ import annotations

import tempfile
from pathlib import Path

from setup_assistant.host import run
from setup_assistant.host.prefix import python_in
from setup_assistant.steps.backends import uv


def hashes_for(folder: Path, pins: list[str], options: tuple[str, ...]) -> str:
    """Return lock entries with hashes for exact `pins`; empty where no index tells them.

    Args:
        folder: the environment, whose Python and platform count.
        pins: exact requirements, e.g. "torch==2.15.0".
        options: index options for the resolver.
    """
    with tempfile.TemporaryDirectory(prefix="setup-assistant-") as scratch:
        wanted = Path(scratch) / "pins.txt"
        wanted.write_text("".join(f"{line}\n" for line in (*options, *pins)), encoding="utf-8")
        outcome = run.run(
            [uv.uv_program(), "pip", "compile", "--quiet", "--no-header", "--no-annotate",
             "--no-deps", "--generate-hashes", "--python", python_in(folder), wanted],
            deadline=300,
            env=uv.environment(Path(scratch), requirements="\n".join(options)),
        )  # fmt: skip
    return outcome.out if outcome.ok else ""
