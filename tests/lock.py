"""`python3 -m tests.lock`: write the lock files again that the first start installs from.

Each names exact versions with the hashes of their files, for every Python and system that this
tool supports. Versions that still fit pyproject.toml are kept; with `--upgrade` everything is
taken at its newest release.
"""

from __future__ import annotations

import sys

from setup_assistant import _bootstrap, _bootstrap_state

if __name__ == "__main__":
    _bootstrap.main("tests.lock", ("test",))

import argparse
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from setup_assistant.host.pip_settings import uv_environment

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "setup_assistant" / "locks"
# Each is constrained by those before it, so that any of them fit together.
NAMES = ("runtime", "conda", "fleet", "test", "mutation")
HEAD = "# Written by: python3 -m tests.lock\n"
# What one person's own settings may not decide, since the lock is everybody's. A mirror in the
# place of the package index is no such thing: it has the same files.
PERSONAL = (
    "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX_STRATEGY", "UV_CONSTRAINT",
    "UV_OVERRIDE", "UV_RESOLUTION", "UV_PRERELEASE", "UV_NO_BINARY", "UV_NO_BUILD",
)  # fmt: skip


def requirements(name: str) -> list[str]:
    """Return what pyproject.toml asks for under a lock's name."""
    read: dict[str, Any] = msgspec.toml.decode((ROOT / "pyproject.toml").read_bytes())
    project = read["project"]
    extras = {"runtime": project["dependencies"], **project["optional-dependencies"]}
    return [str(r) for r in extras[name]]


def write(name: str, *, upgrade: bool) -> None:
    """Resolve one lock for all systems and Pythons, and write it."""
    from uv import find_uv_bin

    target = FOLDER / f"{name}.txt"
    before = NAMES[: NAMES.index(name)]
    env = {k: v for k, v in uv_environment().items() if k not in PERSONAL}
    kept = {k: v for k, v in os.environ.items() if k not in PERSONAL}
    with tempfile.TemporaryDirectory() as folder:
        wanted, fresh = Path(folder, "wanted.in"), Path(folder, target.name)
        wanted.write_text("".join(f"{r}\n" for r in requirements(name)), encoding="utf-8")
        if target.exists():
            fresh.write_bytes(target.read_bytes())
        subprocess.run(
            [find_uv_bin(), "pip", "compile", "--quiet", "--no-config", "--universal",
             "--python-version", _oldest(), "--generate-hashes", "--no-annotate",
             "--no-header", "--no-emit-index-url", "--no-emit-find-links",
             *(["--upgrade"] if upgrade else []),
             *(f"--constraints={FOLDER / other}.txt" for other in before),
             "--output-file", fresh, wanted],
            env={**kept, **env, "UV_PROJECT": str(folder)}, check=True,
        )  # fmt: skip
        target.write_text(HEAD + fresh.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")


def _oldest() -> str:
    return ".".join(map(str, _bootstrap_state.OLDEST))


def main() -> int:
    """Write all locks; what failed has said so itself."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take everything at its newest")
    upgrade = parser.parse_args().upgrade
    FOLDER.mkdir(exist_ok=True)
    try:
        for name in NAMES:
            write(name, upgrade=upgrade)
    except subprocess.CalledProcessError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
