"""The command line in a process that is killed before its n-th move or child process.

    python -m tests.steps.killing N ARGUMENT...

The killer is an audit hook of the interpreter, so that no move is missed and none depends on how
fast the machine is. The canary is taken for proved: the wheels of these tests hold nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

MOMENTS = ("os.rename", "subprocess.Popen")
# What an uninstall does; for the other verbs these are too many to try each.
REMOVALS = ("os.remove", "os.rmdir")


def killer(count: int) -> Callable[[str, tuple[Any, ...]], None]:
    """Return an audit hook that kills this process before the moment of this number, from 1."""
    left = [count]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        wanted = MOMENTS + REMOVALS if "uninstall" in sys.argv else MOMENTS
        if event not in wanted or (event == "subprocess.Popen" and not _installs(arguments)):
            return
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def _installs(arguments: tuple[Any, ...]) -> bool:
    """Whether a child is one that makes or fills an environment."""
    return any(str(word) in ("venv", "install", "compile") for word in arguments[1])


def _prove(context: Any, _model: str, result: Path, folder: Path) -> None:
    from setup_assistant.host import files
    from setup_assistant.steps import check_steps

    wanted = check_steps.fingerprint(context, folder)
    files.write_json(result, {"status": "ok", "checks": [], "fingerprint": wanted})


def main() -> None:
    """Run the command line that the arguments name."""
    from setup_assistant.cli import app
    from setup_assistant.steps import check_steps

    check_steps._prove = _prove
    if (count := int(sys.argv[1])) > 0:
        sys.addaudithook(killer(count))
    sys.argv[1:2] = []
    app.main()


if __name__ == "__main__":
    main()
