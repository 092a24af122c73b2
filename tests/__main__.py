"""`python3 -m tests [pytest options]`: make `.venv` on first use, then run the tests."""

import sys

from setup_assistant import _bootstrap

_bootstrap.main("tests", ("test",))

import os  # noqa: E402
import tempfile  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402 - only importable inside .venv


def options(given: list[str]) -> list[str]:
    """Return pytest's options: four workers unless somebody asked otherwise.

    More than half of its time a test waits: for children, hubs, disks and deadlines.
    """
    chosen = any(o.startswith(("-n", "--dist", "-p", "--pdb")) for o in given)
    return given if chosen else ["-n", "4", *given]


def leave_noexec() -> None:
    """Use a folder of the clone for temporary files where nothing may be run in the usual one."""
    if os.name == "posix" and os.statvfs(tempfile.gettempdir()).f_flag & os.ST_NOEXEC:
        place = Path(__file__).resolve().parent.parent / ".pytest_cache" / "tmp"
        place.mkdir(parents=True, exist_ok=True)
        os.environ["TMPDIR"] = tempfile.tempdir = str(place)


def keep_bytecode() -> None:
    """Let tests and the thousand interpreters that they start compile a module once.

    Container images set this variable: four workers then rewrite every assertion in each run, and
    each import of torch and transformers reads 2,600 modules from source.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


if __name__ == "__main__":
    leave_noexec()
    keep_bytecode()
    sys.exit(pytest.main(options(sys.argv[1:])))
