"""Asks the driver's CUDA library whether CUDA starts, and prints one JSON line.

Started as `python -I -S cuda_child.py`, in a child, since cuInit can hang or die; standard
library only. Functions and their results: CUDA driver API, cuda.h.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

# Where the library lies when the loader does not know: WSL, Fedora, containers.
FOLDERS = ("/usr/lib/wsl/lib", "/usr/lib64/nvidia", "/usr/local/nvidia/lib64")
NAME = "nvcuda.dll" if os.name == "nt" else "libcuda.so.1"


def main() -> None:
    """Print what the library says."""
    library, error = load()
    if library is None:
        say(missing=error)
        return
    version, count, text = ctypes.c_int(), ctypes.c_int(), ctypes.c_char_p()
    where = place()
    # Before cuInit: this call works on every driver.
    known = library.cuDriverGetVersion(ctypes.byref(version)) == 0
    say(path=where, version=version.value if known else None)
    code = library.cuInit(0)
    if code == 0:
        code = library.cuDeviceGetCount(ctypes.byref(count))
    if hasattr(library, "cuGetErrorString"):
        library.cuGetErrorString(code, ctypes.byref(text))
    said = (text.value or b"").decode("utf-8", "replace")
    say(code=code, count=count.value, text=said)


def load() -> tuple[ctypes.CDLL | None, str]:
    """Return the library, or None and why it cannot be loaded."""
    error = ""
    for path in (NAME, *(f"{folder}/{NAME}" for folder in FOLDERS)):
        try:
            return ctypes.CDLL(path), ""
        except OSError as problem:
            error = error or str(problem)
    return None, error


def place() -> str:
    """Return where the loaded library lies, as the kernel says."""
    try:
        with Path("/proc/self/maps").open(encoding="utf-8", errors="replace") as stream:
            for line in stream:
                if "libcuda.so" in line:
                    return line.split(maxsplit=5)[5].strip()
    except OSError:
        pass
    return NAME


def say(**fields: object) -> None:
    """Write one line at once: what follows may never come back."""
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
