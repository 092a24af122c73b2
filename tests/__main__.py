"""`python3 -m tests [pytest options]`: make `.venv` on first use, then run the tests."""

import sys

from setup_assistant import _bootstrap

_bootstrap.main("tests", ("test",))

import pytest  # noqa: E402 - only importable inside .venv


def options(given: list[str]) -> list[str]:
    """Return pytest's options: four workers unless somebody asked otherwise.

    More than half of its time a test waits: for children, hubs, disks and deadlines.
    """
    chosen = any(o.startswith(("-n", "--dist", "-p", "--pdb")) for o in given)
    return given if chosen else ["-n", "4", *given]


if __name__ == "__main__":
    sys.exit(pytest.main(options(sys.argv[1:])))
