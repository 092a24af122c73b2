"""`doctor`: what is wrong here, why, and what mends it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.doctor import text as doctor_text
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.progress import busy
from setup_assistant.errors import Exit, SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from setup_assistant.choose.remedies import Situation
    from setup_assistant.doctor.case import Case
    from setup_assistant.doctor.finding import Diagnosis, Finding
    from setup_assistant.doctor.fix import Attempt

# How often what one remedy brought to light is mended as well.
_ROUNDS = 8


@click.argument("finding", required=False, metavar="[ID]")
@click.option("--env", type=click.Path(path_type=Path), help=_("Folder of the environment."))
@click.option("--model", type=click.Path(path_type=Path), help=_("Folder of a model's files."))
@click.option(
    "--for",
    "purpose",
    type=click.Choice(["torch", "qwen2-vl"]),
    help=_("What the environment must be able to do; inside a site qwen2-vl, else torch."),
)
@click.option(
    "--fail-on",
    type=click.Choice(["warn", "fail"]),
    default="fail",
    help=_("From which findings on the exit code is 1."),
)
@click.option("--list", "listed", is_flag=True, help=_("List everything that is looked for."))
@click.option("--explain", metavar="FILE|-", help=_("Name the cause of a pasted traceback or log."))
@click.option("--static", is_flag=True, help=_("Read files only: run nothing, visit nothing."))
@click.option("--fix", is_flag=True, help=_("Mend what can be mended, asking before each."))
@click.option("--dry-run", is_flag=True, help=_("With --fix: show the commands only."))
@click.option("--yes", "-y", is_flag=True, help=_("With --fix: do not ask."))
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help=_("Write a report without names, paths, hosts and secrets."),
)
@verb(
    "doctor",
    summary=_(
        "Find out what is wrong, why, and what mends it. Nothing is changed.\n\n"
        "ID is one finding, as --list names it: only that is looked for."
    ),
    examples=(
        "setup-assistant doctor",
        "setup-assistant doctor --env qwen2-vl/env --model qwen2-vl/models/Qwen2-VL-2B-Instruct",
        "setup-assistant doctor --explain error.txt",
        "setup-assistant doctor --env qwen2-vl/env --fix --dry-run",
    ),
)
def command(
    finding: str | None,
    env: Path | None,
    model: Path | None,
    listed: bool,
    explain: str | None,
    **options: Any,  # noqa: ANN401 - click's own options, passed on by name
) -> Result:
    """Examine, explain or list."""
    if listed:
        return _list()
    if explain is not None:
        return _explain(explain)
    for path, flag in ((env, "--env"), (model, "--model")):
        if path is not None and not path.expanduser().is_dir():
            raise SetupError("file_missing", path=str(path), flag=flag)
    return examine(env, model, only=finding, **options)


def examine(
    env: Path | None,
    model: Path | None = None,
    *,
    only: str | None = None,
    static: bool = False,
    fix: bool = False,
    dry_run: bool = False,
    yes: bool = False,
    bundle: Path | None = None,
    purpose: str | None = None,
    fail_on: str = "fail",
) -> Result:
    """Examine this machine, an environment and a model folder.

    Raises:
        SetupError: `usage` for an unknown id, `unanswered` where nobody can be asked.
    """
    from setup_assistant.doctor.examine import active_environment, open_case, usual_environment

    if only is not None:
        _must_be_known(only)
    named = env is not None
    env = env or usual_environment()
    if not show.is_json():
        doctor_text.show_scope(env, named=named, active=active_environment())
    inside = env is not None and not static
    what = _("Looking at {env}, from outside and from inside", env=str(env))
    what = what if inside else _("Looking at this machine")

    cases: list[Case] = []

    def look(name: str | None) -> Diagnosis:
        with busy(what, expected_seconds=15 if inside else 5):
            case = open_case(env, model, live=not static, purpose=purpose)
            cases.append(case)
            from setup_assistant.doctor.diagnose import diagnose

            return diagnose(case, only=name)

    found = look(only)
    attempts: tuple[Attempt, ...] = ()
    if fix and dry_run:
        attempts = _mend(found, look, (), cases, dry_run=True, yes=yes)
    elif fix:
        found, attempts = _mend_all(found, look, only, cases, yes=yes)
    result = _result(found, attempts, env=env, fail_on=fail_on)
    if bundle is not None:
        _write_bundle(bundle, result, cases[-1])
    return result


def _must_be_known(name: str) -> None:
    from setup_assistant.doctor.diagnose import known_ids

    if name not in known_ids():
        detail = _("Nothing that is looked for is called {id}; see --list.", id=name)
        raise SetupError("usage", detail=detail, verb="doctor")


def _mend_all(
    found: Diagnosis,
    look: Callable[[str | None], Diagnosis],
    only: str | None,
    cases: Sequence[Case],
    *,
    yes: bool,
) -> tuple[Diagnosis, tuple[Attempt, ...]]:
    """Mend, look at everything again, and mend what comes to light only then."""
    done: tuple[Attempt, ...] = ()
    for _round in range(_ROUNDS):
        new = _mend(found, look, done, cases, dry_run=False, yes=yes)
        done += new
        if not any(attempt.state in ("mended", "failed") for attempt in new):
            break
        found = look(only)
    return found, done


def _mend(
    found: Diagnosis,
    look: Callable[[str | None], Diagnosis],
    done: tuple[Attempt, ...],
    cases: Sequence[Case],
    *,
    dry_run: bool,
    yes: bool,
) -> tuple[Attempt, ...]:
    """Mend each root cause whose remedy was not tried yet, asking before each."""
    from setup_assistant.cli.terminal import ask
    from setup_assistant.doctor.fix import mend, roots_of

    def agree(finding: Finding) -> bool:
        doctor_text.show_finding(finding)
        why = ask.told(_("These commands are run as they stand above, and nothing else; then it is "
                         "looked at again, to see whether it is mended."))  # fmt: skip
        return yes or ask.confirm(_("Do this now?"), default=False, flag="--yes", why=why)

    def still_there(name: str, commands: tuple[str, ...]) -> bool:
        failed = (f for f in look(name).failed if f.id == name)
        return any(f.fix is not None and f.fix.commands == commands for f in failed)

    tried = {(a.id, a.commands) for a in done}
    new = []
    for finding in found.failed:
        commands = finding.fix.commands if finding.fix else ()
        if finding.consequence_of is None and (finding.id, commands) not in tried:
            new.append(
                mend(
                    finding,
                    agree=agree,
                    still_there=still_there,
                    tell=show.note,
                    roots=roots_of(finding, cases[-1]),
                    dry_run=dry_run,
                )
            )
            doctor_text.show_attempt(new[-1])
    return tuple(new)


def _result(
    found: Diagnosis,
    attempts: tuple[Attempt, ...] = (),
    *,
    env: Path | None = None,
    fail_on: str = "fail",
) -> Result:
    from setup_assistant.frozen_json import to_builtins

    data: dict[str, Any] = {
        "findings": [f.to_json() for f in found.findings],
        "seconds": dict(found.seconds),
        "attempts": to_builtins(attempts),
        "env": str(env) if env else None,
    }
    if not found.failed:
        warned = fail_on == "warn" and any(f.status == "warn" for f in found.findings)
        code = Exit.FAILED if warned else Exit.DONE
        return Result("doctor", data, exit_code=code,
                      text=lambda: doctor_text.show_diagnosis(found))  # fmt: skip
    first = found.failed[0]
    failure = SetupError(
        "doctor_found", cause=str(first.cause), remedy=str(first.fix.advice) if first.fix else ""
    )
    # A person reads the same in the findings themselves.
    errors = (Problem.of(failure),) if show.is_json() else ()
    return Result("doctor", data, exit_code=Exit.FAILED, errors=errors,
                  text=lambda: doctor_text.show_diagnosis(found))  # fmt: skip


def _write_bundle(path: Path, result: Result, case: Case) -> None:
    from setup_assistant.doctor.public_report import facts_of, report
    from setup_assistant.host import files

    places: dict[str, str] = {}
    for folder, word in ((case.prefix, "<env>"), (case.folder, "<model>"), (case.cwd, "<here>")):
        if folder is not None and len(folder.parts) > 1:
            places |= {str(folder): word, str(folder.resolve()): word}
    files.write_text(path, report(result.data, places, facts_of(case)))
    show.note(_("Report written to {path}.", path=str(path)))


def _explain(source: str) -> Result:
    from setup_assistant.host import files
    from setup_assistant.machine.clean_text import decoded

    if source == "-":
        data = files.ends_of(sys.stdin.buffer)
    else:
        data = files.read_ends(Path(source).expanduser(), "--explain")
    return explain_text(decoded(data))


def explain_text(text: str) -> Result:
    """Name the causes of a pasted traceback or log."""
    from setup_assistant.doctor.explain import explain
    from setup_assistant.doctor.finding import Diagnosis

    found = Diagnosis(findings=explain(text, _here))
    if found.findings:
        return _result(found)
    return Result("doctor", {"findings": [], "known": False}, text=_not_known)


def _here() -> Situation:
    """Return the situation of this machine, for what a text does not say."""
    from setup_assistant.doctor.situation import of_machine
    from setup_assistant.machine.probe import probe

    # A text is often read on another computer than the one it tells of: that this one has no GPU
    # says nothing.
    return replace(of_machine(probe(sources=False, deadline=3.0)), has_gpu=True)


def _not_known() -> None:
    show.line(_("Not known: nothing in this text matches a known cause."))


def _list() -> Result:
    from setup_assistant.catalog import causes
    from setup_assistant.doctor.diagnose import CHECKS

    rows = [
        {"id": c.id, "layer": c.layer, "cause": causes.find(c.id, c.layer).open_text}
        for c in CHECKS
    ]
    return Result("doctor", {"checks": rows}, text=lambda: doctor_text.show_list(rows))
