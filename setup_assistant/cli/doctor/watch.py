"""`doctor --run`: the person's own program under a watch, and the experiments that decide."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from setup_assistant.cli.doctor import text as doctor_text
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.progress import busy
from setup_assistant.errors import Exit, SetupError
from setup_assistant.messages import _, msg

if TYPE_CHECKING:
    from setup_assistant.doctor.assign import Verdict
    from setup_assistant.doctor.finding import Diagnosis

_HALVES = {
    "none": msg("Nothing failed."),
    "machine": msg("At fault: this machine ({blamed})."),
    "packages": msg("At fault: the packages of the environment ({blamed})."),
    "weights": msg("At fault: the weights ({blamed})."),
    "script": msg("At fault: the script ({blamed})."),
}


def run_watched(
    command: tuple[str, ...],
    env: Path | None,
    model: Path | None,
    *,
    static: bool = False,
    purpose: str | None = None,
    **_options: Any,  # noqa: ANN401 - of a doctor that runs nothing of the person's
) -> Result:
    """Run a command, and where it fails say which half is at fault.

    Raises:
        SetupError: `file_missing` where there is no such program.
    """
    from setup_assistant.doctor import fresh
    from setup_assistant.doctor.assign import assign
    from setup_assistant.doctor.case import QWEN
    from setup_assistant.doctor.diagnose import diagnose
    from setup_assistant.doctor.examine import open_case
    from setup_assistant.doctor.finding import Diagnosis
    from setup_assistant.doctor.watched import prefix_of, watch

    ran = watch(command, os.environ, Path.cwd(), show.note)
    env = env or prefix_of(command, os.environ.get("PATH", ""))
    found = Diagnosis(findings=())
    if ran.code == 0 or env is None:
        return _result(
            assign(ran, found, None, lambda: None, lambda _modules: True), found, ran.code
        )
    model = model or _model(ran.folders, env)
    with busy(_("Looking at {env}, from outside and from inside", env=str(env)),
              expected_seconds=60):  # fmt: skip
        case = open_case(env, model, live=not static, purpose=purpose or QWEN)
        found = diagnose(case)
        verdict = assign(ran, found, case.install, lambda: fresh.answers(case),
                         lambda modules: fresh.answers_beside(case, modules))  # fmt: skip
    return _result(verdict, found, ran.code)


def _model(folders: tuple[str, ...], env: Path) -> Path | None:
    """Return the folder of the model that a program opened."""
    for folder in map(Path, folders):
        if env.resolve() not in folder.resolve().parents and (folder / "config.json").is_file():
            return folder
    return None


def _result(verdict: Verdict, found: Diagnosis, code: int) -> Result:
    data: dict[str, Any] = {
        "findings": [f.to_json() for f in found.findings],
        "half": verdict.half,
        "blamed": verdict.blamed,
        "reasons": [str(r) for r in verdict.reasons],
        "code": code,
    }

    def text() -> None:
        for reason in verdict.reasons:
            show.line(f"  {reason}")
        show.line(_said(verdict))
        for finding in found.failed[:1]:
            doctor_text.show_finding(finding)

    if verdict.half == "none":
        return Result("doctor", data, text=text)
    failure = SetupError("doctor_found", cause=_said(verdict), remedy=str(verdict.reasons[-1]))
    errors = (Problem.of(failure),) if show.is_json() else ()
    return Result("doctor", data, exit_code=Exit.FAILED, errors=errors, text=text)


def _said(verdict: Verdict) -> str:
    from setup_assistant.messages import Message

    return str(Message(_HALVES[verdict.half].template, {"blamed": verdict.blamed}))
