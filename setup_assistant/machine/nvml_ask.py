"""Ask NVML in a child process: the library can hang where a driver is broken.

Imports next to nothing, so that the child runs while the rest of this package is loading.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from setup_assistant.host import run

_CHILD = Path(__file__).with_name("nvml_child.py")


def ask(deadline: float) -> run.Outcome | None:
    """Return what the child said, or None where nvidia-ml-py is not installed."""
    library = _pynvml()
    if library is None:
        return None
    argv = [sys.executable, "-I", "-S", str(_CHILD), str(library)]
    return run.run(argv, deadline=deadline)


def _pynvml() -> Path | None:
    """Return nvidia-ml-py's one file, even where the deprecated package `pynvml` shadows it."""
    try:
        spec = importlib.util.find_spec("pynvml")
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    if origin.name != "__init__.py":
        return origin
    beside = origin.parent.parent / "pynvml.py"
    return beside if beside.is_file() else None
