"""`python3 -m tests [pytest options]`: make `.venv` on first use, then run the tests."""

import sys

from setup_assistant import _bootstrap

_bootstrap.main("tests", ("test",))

import pytest  # noqa: E402 - only importable inside .venv


def options(given: list[str]) -> list[str]:
    """Return pytest's options: two workers unless somebody asked otherwise.

    The everyday part gets four: half of its time it waits for children, hubs and deadlines.
    """
    chosen = any(o.startswith(("-n", "--dist", "-p", "--pdb")) for o in given)
    workers = "4" if "not e2e" in given else "2"
    # Tests that share one big environment stay together on one worker.
    return given if chosen else ["-n", workers, "--dist", "loadgroup", *given]


if __name__ == "__main__":
    sys.exit(pytest.main(options(sys.argv[1:])))
