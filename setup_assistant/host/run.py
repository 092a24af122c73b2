"""The one door for child processes.

A child gets an argument list (never a shell), a cleaned environment, a deadline that holds even
where the child cannot be killed, and dies with its parent on Linux, so that a killed run
leaves nothing behind that still writes.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Any

from setup_assistant.host import clock, log

# Variables of the person's shell that would change which packages a child imports; besides these
# Python's own, of which a wrong value (PYTHONHOME, PYTHONHASHSEED) keeps it from starting.
_SCRUBBED = ("PIP_TARGET", "PIP_PREFIX", "PIP_USER", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__")
_PYTHONS = "PYTHON"
# Where bytecode goes is the person's to say.
_KEPT = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 2.0
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
# The process groups that are waited for now.
_running: set[int] = set()
_SLICE_SECONDS, _TICK_SECONDS = 0.05, 0.2


@dataclass(frozen=True)
class Outcome:
    """What became of a child: exit code (negative: signal), output, seconds."""

    code: int
    out: str
    err: str
    seconds: float
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether the child ended by itself with status 0."""
        return self.code == 0 and not self.timed_out

    def last_words(self, most: int = 3600) -> str:
        """Return the end of what the child said, without blank lines, in `most` characters."""
        if self.timed_out:
            return "no answer within the deadline"
        text = self.err.strip() or self.out.strip() or f"exit status {self.code}"
        said = [line.strip() for line in text.splitlines() if line.strip()]
        # uv tells first what went well.
        begin = next((i for i, line in enumerate(said) if line.startswith("error:")), 0)
        return " / ".join(said[begin:])[-most:]


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a child: ours without what shadows packages, plus `extra`."""
    env = {k: v for k, v in os.environ.items() if k in _KEPT or not _decides(k)}
    env["PYTHONNOUSERSITE"] = "1"
    env["PYTHONUNBUFFERED"] = "1"
    env.update(extra or {})
    return env


def _decides(name: str) -> bool:
    return name in _SCRUBBED or name.startswith(_PYTHONS)


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    deadline: float | Callable[[], float] | None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    on_out: Callable[[str], None] | None = None,
    on_err: Callable[[str], None] | None = None,
    on_tick: Callable[[], None] | None = None,
    on_start: Callable[[int], None] | None = None,
) -> Outcome:
    """Run a child and return its outcome; never raises for what the child does.

    Args:
        argv: program and arguments; a missing program gives code 127.
        deadline: seconds after which the child's whole process group is killed; the call
            returns even if it cannot be killed. None waits for ever. A function is asked
            again and again: the limit may grow while the child shows signs of life.
        env: the whole environment; `clean_environment()` if not given.
        cwd: working folder.
        stdin: text for its standard input; otherwise it reads end-of-file.
        on_out: called with each line of its standard output as it comes, without the end.
        on_err: likewise for its standard error.
        on_tick: called about five times a second while waiting.
        on_start: called once with the child's process id.
    """
    command = [os.fspath(a) for a in argv]
    log.debug("run: %s", " ".join(command))
    started = clock.monotonic()
    try:
        child = start(command, env, cwd, feed=stdin is not None)
    except OSError as error:
        return Outcome(127, "", f"{command[0]}: {error.strerror}", clock.monotonic() - started)
    if on_start:
        on_start(child.pid)
    readers = [
        _Reader(child.stdout, on_out),
        _Reader(child.stderr, on_err),
    ]
    if stdin is not None:
        threading.Thread(target=_feed, args=(child.stdin, stdin), daemon=True).start()
    timed_out = False
    try:
        timed_out = not _wait(child, readers[0], started, deadline, on_tick)
    finally:
        # Also on KeyboardInterrupt: a child must not outlive the step it belongs to.
        stop(child)
    for reader in readers:
        reader.join(0.2 if timed_out else 5.0)
    if child.returncode is None:
        # Given up on: nobody will ask this object again.
        child.returncode = -int(signal.SIGTERM)
    code = child.returncode
    seconds = clock.monotonic() - started
    log.debug("exit %s after %.2f s%s", code, seconds, " (deadline)" if timed_out else "")
    return Outcome(code, readers[0].text, readers[1].text, seconds, timed_out)


class _Reader(threading.Thread):
    """Collects one stream line by line, so that neither pipe can fill up."""

    def __init__(self, stream: IO[Any] | None, on_line: Callable[[str], None] | None) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._on_line = on_line
        self._parts: list[str] = []
        self.start()

    def run(self) -> None:
        if self._stream is None:
            return
        with contextlib.suppress(OSError, ValueError), self._stream as stream:
            for raw in stream:
                line = raw.decode("utf-8", "replace")
                self._parts.append(line)
                if self._on_line:
                    self._on_line(line.rstrip("\r\n"))

    @property
    def text(self) -> str:
        return "".join(self._parts)


def start(
    command: list[str], env: Mapping[str, str] | None, cwd: Path | None, *, feed: bool
) -> subprocess.Popen[bytes]:
    """Start a child; it dies with this process. `feed`: its standard input can be written."""
    with _interrupt_afterwards():
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env) if env is not None else clean_environment(),
            cwd=cwd,
            start_new_session=os.name != "nt",
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        _running.add(child.pid)
    return child


@contextlib.contextmanager
def _interrupt_afterwards() -> Iterator[None]:
    """Let a Ctrl-C come after a fork: Python loses it in what it calls around one."""
    usual = signal.getsignal(signal.SIGINT)
    if not callable(usual) or threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: heard.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        if heard:
            usual(*heard[0])


def _libc_prctl() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    with contextlib.suppress(OSError, AttributeError):
        prctl: Callable[..., int] = ctypes.CDLL(None).prctl
        return prctl
    return None


_prctl = _libc_prctl()


def _die_with_parent() -> None:
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def _feed(stream: IO[bytes] | None, text: str) -> None:
    if stream is None:
        return
    try:
        with contextlib.suppress(OSError, ValueError):
            stream.write(text.encode())
    finally:
        # A child that never reads leaves a broken pipe behind; closing it may say so once more.
        with contextlib.suppress(OSError, ValueError):
            stream.close()


def _wait(
    child: subprocess.Popen[bytes],
    reader: threading.Thread,
    started: float,
    deadline: float | Callable[[], float] | None,
    on_tick: Callable[[], None] | None,
) -> bool:
    """Wait in short slices; return False when the deadline passed first.

    The end of its output wakes at once, where `Popen.wait` looks again after up to 50 ms.
    """
    ticked = clock.monotonic()
    while True:
        limit = deadline() if callable(deadline) else deadline
        left = None if limit is None else limit - (clock.monotonic() - started)
        if left is not None and left <= 0:
            return child.poll() is not None
        pause = _SLICE_SECONDS if left is None else min(_SLICE_SECONDS, left)
        reader.join(pause)
        with contextlib.suppress(subprocess.TimeoutExpired):
            # A grandchild may hold the output open after the child has ended: look, too.
            child.wait(0 if reader.is_alive() else pause)
            return True
        if on_tick and clock.monotonic() - ticked >= _TICK_SECONDS:
            ticked = clock.monotonic()
            on_tick()


def stop(child: subprocess.Popen[bytes]) -> None:
    """Kill the child's group if it still runs; give up after a grace period.

    A process in an uninterruptible wait (a hung driver) cannot be killed: it is left to the
    kernel rather than waited for.
    """
    if child.poll() is None:
        _end(child)
    _running.discard(child.pid)


def _end(child: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, _KILL):
        with contextlib.suppress(OSError):
            if os.name == "nt":
                child.kill()
            else:
                os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE_SECONDS)
            break
    # Its own children may be deaf to what ended it.
    _kill_group(child.pid)


def _kill_group(pid: int) -> None:
    if os.name != "nt":
        with contextlib.suppress(OSError):
            os.killpg(pid, _KILL)


@atexit.register
def _leave_nobody() -> None:
    """Kill what threads still wait for when the command ends before their deadline."""
    for pid in tuple(_running):
        _kill_group(pid)
