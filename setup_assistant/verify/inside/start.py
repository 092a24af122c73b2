"""Start one of the programs beside this file: `PYTHON -I -X faulthandler start.py NAME`.

Each reads one request from standard input and prints one JSON line per event. With -I nothing of
the person's shell, home or working folder is imported; this folder is put on the path only while
its own modules load.
"""

import importlib
import sys
from pathlib import Path


def main() -> None:
    """Load a program and run it."""
    above = str(Path(__file__).resolve().parent.parent)
    sys.path.insert(0, above)
    # The tool's own folder may belong to somebody else: leave no bytecode in it.
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        program = importlib.import_module("inside." + sys.argv[1])
    finally:
        sys.path.remove(above)
        sys.dont_write_bytecode = bytecode
    program.main()


if __name__ == "__main__":
    main()
