"""The command line in a process of its own, without a new interpreter for each.

One server for a session has everything imported, and forks for each command: a twentieth of the
time. How a process starts is tried by tests/cli/test_imports.py and the tests marked `e2e`.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MODULE = "setup_assistant.cli.app"


class Server:
    """The process that forks; started with the first command, and again after one was lost."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, arguments: tuple[str, ...], env: Mapping[str, str], cwd: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forked"], cwd=ROOT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        asking, answers = self._process.stdin, self._process.stdout
        assert asking
        assert answers
        with tempfile.TemporaryDirectory() as folder:
            asked = {"arguments": arguments, "env": dict(env), "cwd": str(cwd), "to": folder}
            try:
                asking.write(json.dumps(asked) + "\n")
                asking.flush()
                code = int(answers.readline())
            except BaseException:  # a timeout, too: what comes later is no answer to the next
                self.stop()
                raise
            out, err = (Path(folder, n).read_bytes().decode() for n in ("out", "err"))
        command = [sys.executable, "-m", MODULE, *arguments]
        return subprocess.CompletedProcess(command, code, out, err)

    def stop(self) -> None:
        """End the server, and with it what it still waits for."""
        if self._process:
            self._process.kill()
            self._process.communicate()
        self._process = None


def _child(asked: dict[str, Any]) -> None:
    """Become the process of one command, but for its interpreter."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for number, name in ((1, "out"), (2, "err")):
        target = os.open(Path(asked["to"], name), os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(target, number)
        os.close(target)
    sys.argv = [str(ROOT / "setup_assistant" / "cli" / "app.py"), *asked["arguments"]]


def _serve() -> int:
    """Answer each line with the exit status of its command; in the child, return to run it."""
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        asked = json.loads(line)
        for name in ("out", "err"):
            Path(asked["to"], name).touch()
        pid = os.fork()
        if pid == 0:
            answers.close()
            _child(asked)
            return 0
        _pid, status = os.waitpid(pid, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()
    os._exit(0)


def _load() -> None:
    """Import what most commands need; not the verbs, whose help is in the language of its time."""
    import importlib
    import pkgutil

    import setup_assistant

    rooms = ("host", "catalog", "choose", "machine", "site", "steps", "report", "weights", "doctor",
             "bundle", "fleet", "mirror", "cli.terminal")  # fmt: skip
    for room in rooms:
        name = f"{setup_assistant.__name__}.{room}"
        importlib.import_module(name)
        for found in pkgutil.walk_packages(sys.modules[name].__path__, f"{name}."):
            importlib.import_module(found.name)


if __name__ == "__main__":
    from setup_assistant.cli import app

    _load()
    gc.freeze()
    _serve()
    app.main()
