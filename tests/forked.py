"""The command line in a process of its own, without a new interpreter for each.

One server for a session has everything imported, and forks for each command: a twentieth of the
time. How a process starts is tried by tests/cli/test_imports.py and the tests marked `e2e`.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# Not those of the test that happens to call first: its HOME, its language.
_ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8"}
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
                [sys.executable, "-m", "tests.forked"], cwd=ROOT, env=_ENVIRONMENT, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        asking, answers = self._process.stdin, self._process.stdout
        assert asking
        assert answers
        with tempfile.TemporaryDirectory() as folder:
            test = os.environ.get("PYTEST_CURRENT_TEST", "")
            asked = {
                "arguments": arguments, "env": dict(env), "cwd": str(cwd), "to": folder,
                "test": test,
            }  # fmt: skip
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


SERVER = Server()
atexit.register(SERVER.stop)


def run(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, in a process of its own, with nobody to answer it."""
    if hasattr(os, "fork"):
        return SERVER.run(arguments, os.environ if env is None else env, cwd)
    return subprocess.run(
        [sys.executable, "-m", MODULE, *arguments], cwd=cwd, timeout=600, check=False,
        env={**(os.environ if env is None else env), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip


def _child(asked: dict[str, Any]) -> None:
    """Become the process of one command, but for its interpreter."""
    traces = os.environ.get("SETUP_ASSISTANT_TEST_TRACES")
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
    if traces:
        from tests import traced

        traced.trace_command(traces, asked["test"])


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
    """Import every room, and read the tables that each plan reads."""
    import importlib
    import pkgutil

    import setup_assistant
    from setup_assistant.catalog import recipes

    outside = (
        "setup_assistant.verify.inside",
        "setup_assistant.agent",
        "setup_assistant.fleet.callback",  # Ansible's, which makes a folder in HOME
        "setup_assistant._",
        "setup_assistant.__",
    )
    for found in pkgutil.walk_packages(setup_assistant.__path__, f"{setup_assistant.__name__}."):
        if not found.name.startswith(outside):
            importlib.import_module(found.name)
    recipes.load_all()


def _speak() -> None:
    """Load the verbs again where their help, which is written in English by now, needs it."""
    from setup_assistant import messages

    if messages.of_environment() == "en" and not any(a.startswith("--lang") for a in sys.argv):
        return
    for name in [n for n in sys.modules if n.startswith("setup_assistant.cli")]:
        del sys.modules[name]


def _run() -> None:
    """Run the command, and leave as the interpreter would, without taking each object apart."""
    from setup_assistant.cli import app

    code: object = 0
    try:
        app.main()
    except SystemExit as end:
        code = end.code
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    _load()
    gc.freeze()
    _serve()
    _speak()
    _run()
