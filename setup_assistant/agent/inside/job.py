"""One job on a host: started detached, asked for again until it has ended.

    agent.pyz --fleet BASE64 NONCE

The first is JSON in base64 (so that no shell can read anything into it): `run` (who asks),
`commands` (argument lists of this tool), `env`, `wait` (seconds to wait for the end).
It answers with one line: the marker and JSON. The worker outlives the connection; a question
with the same `run` waits for the same worker, and a new run finds one that is still at it.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shlex
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from setup_assistant.agent.inside.answer import machine_id, say
from setup_assistant.agent.inside.verdict import of_job
from setup_assistant.host import lenient, paths, removal
from setup_assistant.host.removal_proofs import Named

_LOOK_SECONDS = 0.05
# Kept on the disk while a job runs, so that there is room to say that the disk is full.
_RESERVE = 64 << 10
_KEPT_JOBS = 8
# A job's folder is called by what it does.
_JOB = "[0-9a-f]" * 16
_MOST_SAID = 2000
# Somebody who only looks holds the lock for an instant: no reason to take it for a worker's.
_TRIES, _TRY_SECONDS = 5, 0.02
_LAUNCHER = (
    "#!/bin/sh\n" + paths.TOOL_SIGN + "\n"
    "agent=$(ls -t {base}/agent-*.pyz 2>/dev/null | head -n 1)\n"
    'exec {python} "$agent" "$@"\n'
)
# In a command's environment: where it writes down what it is doing.
DOING = "SETUP_ASSISTANT_PROGRESS"
# Likewise: the file whose time is that of the last question, for what works only for who asks.
ASKED = "SETUP_ASSISTANT_ASKED"


def main(argument: str, nonce: str, base: Path) -> int:
    """Start or find the job, wait a little, and print how it stands."""
    asked: dict[str, Any] = json.loads(base64.b64decode(argument))
    folder = base / "jobs" / _key(asked)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "asked").touch()
        state = _ensure(folder, asked)
        if state == "started":
            _prune(folder)
        answer = _wait(folder, float(asked["wait"]))
    except OSError as error:
        answer = {"state": "broken", "errno": error.errno, "detail": str(error)}
    say(nonce, answer, _home(base))
    return 0


def _home(base: Path) -> str:
    """Return what names this home, whichever machine uses it; empty where nothing can."""
    path = base / "home-id"
    with contextlib.suppress(OSError), path.open("x") as made:
        made.write(os.urandom(8).hex())
    return lenient.text(path)[:16]


def _key(asked: dict[str, Any]) -> str:
    """Name the job by what it does: who asks for the same again finds the same worker."""
    # Several machines may share one home: each does its own.
    text = json.dumps([asked["commands"], asked.get("env", {}), machine_id()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _ensure(folder: Path, asked: dict[str, Any]) -> str:
    """Start the worker unless it runs already, or has ended for this very run."""
    joined = folder / ("joined-" + hashlib.sha256(asked["run"].encode()).hexdigest()[:16])
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _locked(lock, _TRIES):
            # Whoever found it at work waits for this worker's end, and then must not start anew.
            joined.touch()
            return "running"
        if lenient.json_object(folder / "run.json").get("run") == asked["run"] or joined.exists():
            return "ended"
        for old in ("result.json", "run.json", "session", "doing"):
            removal.drop(folder / old, under=folder)
        for other in folder.glob("joined-*"):
            removal.drop(other, under=folder)
        (folder / "reserve").write_bytes(b"\0" * _RESERVE)
        _write(folder / "run.json", {"run": asked["run"], "started": time.time(), "boot": _boot()})
        _spawn(folder, asked)
        return "started"
    finally:
        os.close(lock)


def _locked(lock: int, tries: int = 1) -> bool:
    """Take the lock if nobody keeps it."""
    for left in reversed(range(tries)):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if left:
                time.sleep(_TRY_SECONDS)  # noqa: TID251 - the host has no other clock
            continue
        return True
    return False


def _spawn(folder: Path, asked: dict[str, Any]) -> None:
    """Fork twice, so that the worker belongs to nobody; it inherits the lock, and holds it."""
    # What Python printed at its start (sitecustomize) must not go into the answer of a command.
    sys.stdout.flush()
    if first := os.fork():
        os.waitpid(first, 0)
        return
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        _detach(folder)
        _work(folder, asked)
    except BaseException:  # noqa: BLE001 - the last thing that can be written down
        traceback.print_exc()
    finally:
        os._exit(0)


def _detach(folder: Path) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number, source in ((0, null), (1, log), (2, log)):
        os.dup2(source, number)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _work(folder: Path, asked: dict[str, Any]) -> None:
    started = time.monotonic()
    (folder / "session").write_text(str(os.getsid(0)))
    os.environ.update(asked.get("env", {}))
    os.environ.update({DOING: str(folder / "doing"), ASKED: str(folder / "asked")})
    answers = []
    for number, command in enumerate(asked["commands"]):
        out = folder / f"out-{number}"
        code = _one(out, command)
        said = lenient.text(out)
        err = lenient.text(folder / "log")[-_MOST_SAID:] if code or not said else ""
        if code and _is_full(folder):
            # Nothing could write that down.
            err += "\n" + os.strerror(errno.ENOSPC)
        answers.append({"argv": command, "code": code, "out": said, "err": err})
        if code and number + 1 < len(asked["commands"]) and asked.get("stop", True):
            break
    removal.drop(folder / "reserve", under=folder)
    if asked.get("tool") and not any(a["code"] for a in answers):
        install_tool(folder.parent.parent)
    seconds = round(time.monotonic() - started, 2)
    _write(folder / "result.json", {"answers": answers, "seconds": seconds})


def _is_full(folder: Path) -> bool:
    """Whether not even a small file has room there."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize < _RESERVE or (found.f_files > 0 and not found.f_favail)


def install_tool(base: Path) -> bool:
    """Let this account call the tool by its name: ~/.local/bin/setup-assistant.

    It takes the newest agent that lies there. What somebody else put there stays; return whether
    the name is ours.
    """
    path = paths.tool()
    text = _LAUNCHER.format(python=shlex.quote(sys.executable), base=shlex.quote(str(base)))
    if path.is_symlink() or (path.exists() and paths.TOOL_SIGN not in lenient.text(path)):
        return False
    if lenient.text(path) != text.rstrip():
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".setup-assistant-{os.getpid()}")
        aside.write_text(text)
        aside.chmod(0o755)
        aside.replace(path)
    return True


def _one(out: Path, command: list[str]) -> int:
    """Run one command line of this tool in a fork; return its exit status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
        sys.argv = [sys.argv[0], *command]
        from setup_assistant.cli.app import main as run

        run()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - nobody else is there to say it
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _wait(folder: Path, seconds: float) -> dict[str, Any]:
    ends = time.monotonic() + seconds
    while True:
        alive = _alive(folder)
        if not alive:
            result = lenient.json_object(folder / "result.json")
            if result:
                return {"state": "done", "result": result, "verdict": of_job(result["answers"])}
            restarted = lenient.json_object(folder / "run.json").get("boot", _boot()) != _boot()
            detail = lenient.text(folder / "log")[-_MOST_SAID:]
            return {"state": "restarted" if restarted else "died", "detail": detail}
        if time.monotonic() >= ends:
            state = "stopped" if _stopped(folder) else "running"
            return {
                "state": state,
                "seconds": _seconds(folder),
                "doing": lenient.json_object(folder / "doing"),
            }
        time.sleep(_LOOK_SECONDS)  # noqa: TID251 - the host has no other clock


def _alive(folder: Path) -> bool:
    """Whether the worker still holds the lock; the system lets go of it when it dies."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        return not _locked(lock)
    finally:
        os.close(lock)


def _stopped(folder: Path) -> bool:
    """Whether somebody stopped a process of the worker's (SIGSTOP): it would never end."""
    session = lenient.text(folder / "session")
    for path in Path("/proc").glob("[0-9]*/stat") if session else ():
        # The name in brackets may hold anything, brackets and spaces too.
        after = lenient.text(path).rpartition(")")[2].split()
        if len(after) > 3 and after[0] == "T" and after[3] == session:
            return True
    return False


def _boot() -> str:
    return lenient.text(Path("/proc/sys/kernel/random/boot_id"))


def _seconds(folder: Path) -> float:
    started = lenient.json_object(folder / "run.json").get("started")
    return round(time.time() - started, 1) if isinstance(started, float) else 0.0


def _prune(kept: Path) -> None:
    """Forget the oldest jobs; their results were fetched long ago."""
    others = [p for p in kept.parent.glob(_JOB) if p != kept and not _alive(p)]
    others.sort(key=lambda p: p.stat().st_mtime)
    for old in others[: max(0, len(others) - _KEPT_JOBS)]:
        removal.tidy(old, under=kept.parent, proof=Named((_JOB,), folders=True))


def _write(path: Path, value: dict[str, Any]) -> None:
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(value))
    aside.replace(path)
