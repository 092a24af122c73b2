"""The child inside the target environment: started, listened to, and its end understood."""

from __future__ import annotations

import contextlib
import json
import math
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from setup_assistant.errors import SetupError
from setup_assistant.frozen_json import from_builtins
from setup_assistant.host import lenient, log, run
from setup_assistant.host.clock import Patience
from setup_assistant.host.prefix import python_in
from setup_assistant.messages import Value
from setup_assistant.verify.results import Check

INSIDE = Path(__file__).parent / "inside"
Program = Literal["main", "rehearsal", "converse", "openai_server"]
_BEFORE_CASES = ("imports", "device", "model", "decoder")
_BY_SIGNAL = {"SIGILL": "cpu-instructions", "SIGKILL": "killed"}
# Where others have the processor, a stretched limit lasts up to so many times longer still.
_STARVED = 4.0


class Talk:
    """What the child has said so far."""

    def __init__(self, on_check: Callable[[Check], None]) -> None:
        self.checks: list[Check] = []
        self.under_way: str | None = None
        self.hint: dict[str, Any] = {}
        self.ended = False
        self._on_check = on_check

    def hear(self, line: str) -> None:
        """Take one line of the child's standard output."""
        said = lenient.parsed(line)
        event = said.pop("event", None)
        if event is None:
            log.debug("not a line of the checks: %s", line)
        elif event == "start":
            self.under_way, self.hint = said["name"], {}
        elif event == "hint":
            self.hint = said
        elif event == "end":
            self.ended = True
        elif event == "check":
            self.under_way = None
            self.add(_check(said))

    def add(self, check: Check) -> None:
        """Keep a check and tell about it."""
        self.checks.append(check)
        self._on_check(check)


def _check(said: dict[str, Any]) -> Check:
    try:
        return from_builtins(said, Check, "verify")
    except SetupError as error:
        log.exception("line of a check", error)
        name = str(said.get("name", "?"))
        return Check(name=name, status="fail", cause="child-failed", values={"check": name})


def talk(
    env: Path,
    request: dict[str, Any],
    deadline: float | None,
    variables: Mapping[str, str],
    on_check: Callable[[Check], None],
    *,
    program: Program = "main",
    most: float = 1.0,
) -> Talk:
    """Run the checks in `env` and return what was said, the end of the process included.

    Args:
        env: prefix of the target environment.
        request: see `request.build`.
        deadline: seconds for all of it; None for no limit.
        variables: the child's whole environment, see `surroundings.environment`.
        on_check: told of each check as it ends, from another thread.
        program: what runs inside; its request may name its own `checks`.
        most: how many times the deadline it is while the process computes: slow is not stuck.
    """
    heard = Talk(on_check)
    python = python_in(env)
    worker = _Worker()
    starved = _STARVED if most > 1.0 else 1.0
    patience = (
        Patience(deadline, most=most, clock=worker.computed, starved=starved) if deadline else None
    )
    outcome = run.run(
        command(python, program),
        deadline=(lambda: 0.0 if patience.over() else math.inf) if patience else None,
        on_start=worker.started,
        env=variables,
        cwd=Path(variables["TMPDIR"]),
        stdin=json.dumps(request),
        on_out=heard.hear,
        on_err=lambda line: log.debug("child: %s", line),
    )
    if most > 1.0 and outcome.timed_out:
        deadline = round(outcome.seconds)
    if not heard.ended or outcome.timed_out:
        _close(heard, outcome, request, deadline, python)
    return heard


class _Worker:
    """The process that computes, and how long it has."""

    def __init__(self) -> None:
        self._pid: int | None = None
        self._computed = 0.0

    def started(self, pid: int) -> None:
        """Take its number."""
        self._pid = pid

    def computed(self) -> float:
        """Return the seconds that it has computed; of one that has ended, what it had before."""
        import psutil

        with contextlib.suppress(psutil.Error):
            if self._pid is not None:
                self._computed = sum(psutil.Process(self._pid).cpu_times()[:4])
        return self._computed


def command(python: Path, program: Program) -> list[str | Path]:
    """Return the command that runs one of the programs in `verify/inside`."""
    # -I: nothing of the person's folders, home or variables is imported.
    return [python, "-I", "-X", "faulthandler", INSIDE / "start.py", program]


def _close(
    heard: Talk,
    outcome: run.Outcome,
    request: dict[str, Any],
    deadline: float | None,
    python: Path,
) -> None:
    """Turn an early end into the failure of the check under way; the rest is blocked by it."""
    name = heard.under_way
    if name is None and not heard.checks:
        cause, values = _never_began(outcome, python, deadline)
        evidence = _tail(outcome.err)
        name = "imports"
    else:
        name = name or "end"
        cause, values = _why(heard, outcome, name, deadline)
        evidence = (*heard.hint.get("evidence", ()), *_tail(outcome.err))
    heard.under_way = None
    spec = _planned(request).get(name, Check(name=name, status="fail", kind=name))
    heard.add(
        replace(
            spec,
            status="fail",
            cause=cause,
            values=values,
            evidence=tuple(evidence),
            seconds=round(outcome.seconds, 2),
        )
    )
    said = {check.name for check in heard.checks}
    for other in _planned(request).values():
        if other.name not in said:
            heard.add(replace(other, status="blocked", cause=name))


def _never_began(
    outcome: run.Outcome, python: Path, deadline: float | None
) -> tuple[str, dict[str, Value]]:
    if outcome.timed_out:
        return "timeout", {"check": "imports", "seconds": deadline}
    tail = _tail(outcome.err)
    detail = tail[-1] if tail else _signal_name(outcome.code) or f"exit status {outcome.code}"
    return "python-broken", {"python": str(python), "detail": detail}


def _why(
    heard: Talk, outcome: run.Outcome, name: str, deadline: float | None
) -> tuple[str, dict[str, Value]]:
    """Return cause and values of a process that ended during the check `name`."""
    values: dict[str, Value] = {"check": name, **heard.hint.get("values", {})}
    if outcome.timed_out:
        # What the hint says is of one that died by itself.
        values.pop("detail", None)
        return "timeout", {**values, "seconds": deadline}
    number = _signal_name(outcome.code)
    if number in _BY_SIGNAL:
        return _BY_SIGNAL[number], {"package": name, **values}
    if heard.hint.get("cause") == "torchvision-mismatch":
        return "torchvision-mismatch", values
    if number:
        return "crashed", {**values, "signal": number}
    tail = _tail(outcome.err)
    return "child-failed", {**values, "detail": tail[-1] if tail else f"exit {outcome.code}"}


def _planned(request: dict[str, Any]) -> dict[str, Check]:
    """Return every check that was to be run, by name, none of them run yet."""
    planned = {
        name: Check(name=name, kind=name, status="blocked")
        for name in request.get("checks", _BEFORE_CASES)
    }
    for case in request["cases"]:
        planned[case["name"]] = Check(
            name=case["name"],
            kind=case["kind"],
            language=case["language"],
            case=case.get("case"),
            question=case["question"],
            files=tuple(case["files"]),
            expected=case.get("answer"),
            status="blocked",
        )
    return planned


def _signal_name(code: int) -> str | None:
    if code >= 0:
        return None
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _tail(text: str) -> tuple[str, ...]:
    """Return the lines of an error output that say most: the fatal one, or the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith("Fatal Python error")]
    frames = [line for line in lines if line.startswith('File "')]
    return tuple(line[:400] for line in ((*fatal[:1], *frames[:1]) if fatal else lines[-1:]))
