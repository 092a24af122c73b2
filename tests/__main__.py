"""`python3 -m tests [pytest options]`: make `.venv` on first use, then run the tests."""

import sys

from setup_assistant import _bootstrap

_bootstrap.main("tests", ("test",))

import pytest  # noqa: E402 - only importable inside .venv


def options(given: list[str]) -> list[str]:
    """Return pytest's options: two workers unless somebody asked otherwise."""
    chosen = any(o.startswith(("-n", "--dist", "-p", "--pdb")) for o in given)
    # Tests that share one big environment stay together on one worker.
    return given if chosen else ["-n", "2", "--dist", "loadgroup", *given]


if __name__ == "__main__":
    sys.exit(pytest.main(options(sys.argv[1:])))
