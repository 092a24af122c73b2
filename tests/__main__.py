"""`python3 -m tests [pytest options]`: make `.venv` on first use, then run the tests."""

import sys

from setup_assistant import _bootstrap

_bootstrap.main("tests", ("test",))

import pytest  # noqa: E402 - only importable inside .venv

if __name__ == "__main__":
    sys.exit(pytest.main(sys.argv[1:]))
