"""`python3 -m setup_assistant`: make `.venv` on first use, then run the command line."""

from setup_assistant import _bootstrap

_bootstrap.main("setup_assistant")

from setup_assistant.cli.app import main  # noqa: E402 - only importable inside .venv

if __name__ == "__main__":
    main()
