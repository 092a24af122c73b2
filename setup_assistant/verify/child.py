"""The child inside the target environment: started, listened to, and its end understood."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.host import files, log, paths, run
from setup_assistant.site.layout import python_in
from setup_assistant.values import from_builtins
from setup_assistant.verify.values import Check
from setup_assistant.words import Value

MAIN = Path(__file__).parent / "inside" / "main.py"
# Everything a library of the target may want to write goes into a folder that is removed.
_CACHES = (
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_MODULES_CACHE",
    "TRANSFORMERS_CACHE",
    "TORCH_HOME",
    "TORCHINDUCTOR_CACHE_DIR",
    "TORCH_EXTENSIONS_DIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "MODELSCOPE_CACHE",
    "TRITON_CACHE_DIR",
    "CUDA_CACHE_PATH",
    "NUMBA_CACHE_DIR",
    "MPLCONFIGDIR",
)
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",
    "DO_NOT_TRACK": "1",
    "NO_ALBUMENTATIONS_UPDATE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TORCHVISION_WARN_WHEN_EXTENSION_LOADING_FAILS": "1",
    "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
}
_LOOPBACK = "127.0.0.1,localhost"
_BY_SIGNAL = {"SIGILL": "illegal-instruction", "SIGKILL": "killed"}


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
        try:
            said = json.loads(line)
            event = said.pop("event")
        except (ValueError, KeyError, AttributeError, TypeError):
            log.debug("not a line of the checks: %s", line)
            return
        if event == "start":
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
) -> Talk:
    """Run the checks in `env` and return what was said, the end of the process included.

    Args:
        env: prefix of the target environment.
        request: see `request.build`.
        deadline: seconds for all of it; None for no limit.
        variables: the child's whole environment, see `environment`.
        on_check: told of each check as it ends, from another thread.
    """
    heard = Talk(on_check)
    python = python_in(env)
    outcome = run.run(
        # -I: nothing of the person's folders, home or variables is imported.
        [python, "-I", "-X", "faulthandler", MAIN],
        deadline=deadline,
        env=variables,
        cwd=Path(variables["TMPDIR"]),
        stdin=json.dumps(request),
        on_out=heard.hear,
        on_err=lambda line: log.debug("child: %s", line),
    )
    if not heard.ended or outcome.timed_out:
        _close(heard, outcome, request, deadline, python)
    return heard


def environment(
    scratch: Path, *, reader: str | None, device: str, gpus: tuple[str, ...]
) -> dict[str, str]:
    """Return the child's variables; caches and home lie in `scratch`, and nothing is fetched."""
    extra = {name: str(scratch / "cache") for name in _CACHES}
    extra |= {"HOME": str(scratch), "USERPROFILE": str(scratch), "TMPDIR": str(scratch)}
    extra |= _OFFLINE
    if reader:
        extra["FORCE_QWENVL_VIDEO_READER"] = reader
    if device == "cpu":
        extra["CUDA_VISIBLE_DEVICES"] = ""
    elif gpus:
        extra["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
    for name in ("NO_PROXY", "no_proxy"):
        # The loopback server must never be asked for through a proxy.
        extra[name] = ",".join(filter(None, (os.environ.get(name), _LOOPBACK)))
    variables = run.clean_environment(extra)
    if not reader:
        variables.pop("FORCE_QWENVL_VIDEO_READER", None)
    return variables


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder in this tool's cache for one run, and remove it; also those of killed runs."""
    import secrets

    above = paths.cache_folder() / "verify"
    _sweep(above)
    folder = above / f"{os.getpid()}-{secrets.token_hex(4)}"
    try:
        (folder / "cache").mkdir(parents=True)
    except OSError as error:
        raise SetupError(
            "not_writable",
            path=str(above),
            detail=error.strerror or "",
            flag="SETUP_ASSISTANT_CACHE",
        ) from error
    try:
        yield folder
    finally:
        files.remove(folder)


def _sweep(above: Path) -> None:
    import psutil

    for old in above.glob("*-*"):
        owner = old.name.partition("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            files.remove(old)


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
        for name in ("imports", "device", "model", "decoder")
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
