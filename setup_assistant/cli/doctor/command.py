"""`doctor`: what is wrong here, why, and what mends it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli import options
from setup_assistant.cli.common import verb
from setup_assistant.cli.doctor import text as doctor_text
from setup_assistant.cli.doctor.mending import end_what_was_begun, mend_all
from setup_assistant.cli.doctor.older_copy import OlderCopy
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.progress import busy
from setup_assistant.errors import Exit, SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from setup_assistant.choose.remedy_target import Situation
    from setup_assistant.doctor.case import Case
    from setup_assistant.doctor.finding import Diagnosis
    from setup_assistant.doctor.fix import Attempt
    from setup_assistant.messages import Message


@click.argument("words", nargs=-1, metavar="[ID] [-- COMMAND...]")
@options.ENV
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
@click.option(
    "--run",
    "watched",
    is_flag=True,
    help=_("Run the COMMAND after -- under a watch, and say which half is at fault."),
)
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
        "setup-assistant doctor --run -- python3 my_script.py",
    ),
)
def command(
    words: tuple[str, ...],
    env: Path | None,
    model: Path | None,
    listed: bool,
    explain: str | None,
    **options: Any,  # noqa: ANN401 - click's own options, passed on by name
) -> Result:
    """Examine, explain or list."""
    from setup_assistant.host.prefix import closed

    if listed:
        return _list()
    if explain is not None:
        return _explain(explain, options["bundle"])
    for path, flag in ((env, "--env"), (model, "--model")):
        if path is not None and not (closed(path.expanduser()) or path.expanduser().is_dir()):
            raise SetupError("file_missing", path=str(path), flag=flag)
    watched = options.pop("watched")
    if watched or len(words) > 1:
        if not (watched and words):
            detail = _("A command is run with --run, and stands after --.")
            raise SetupError("usage", verb="doctor", detail=detail)
        from setup_assistant.cli.doctor.watch import run_watched

        return run_watched(words, env, model, **options)
    return examine(env, model, only=words[0] if words else None, **options)


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
    copy = OlderCopy()

    def look(name: str | None) -> Diagnosis:
        with busy(what, expected_seconds=15 if inside else 5):
            case = open_case(env, model, live=not static, purpose=purpose)
            cases.append(case)
            if not static and only is None:
                copy.ask(case.machine)
            from setup_assistant.doctor.diagnose import diagnose

            return diagnose(case, only=name)

    if fix and not dry_run and env is not None:
        end_what_was_begun(env)
    found = look(only)
    if not show.is_json():
        doctor_text.show_other_cards(cases[-1].machine.gpus)
    attempts: tuple[Attempt, ...] = ()
    if fix:
        found, attempts = mend_all(found, look, only, cases, yes=yes, dry_run=dry_run)
    result = _result(found, attempts, env=env, fail_on=fail_on, notes=copy.said())
    if bundle is not None:
        _write_bundle(bundle, result, cases[-1])
    return result


def _must_be_known(name: str) -> None:
    from setup_assistant.doctor.diagnose import known_ids

    if name not in known_ids():
        detail = _("Nothing that is looked for is called {id}; see --list.", id=name)
        raise SetupError("usage", detail=detail, verb="doctor")


def _result(
    found: Diagnosis,
    attempts: tuple[Attempt, ...] = (),
    *,
    env: Path | None = None,
    fail_on: str = "fail",
    notes: Sequence[Message] = (),
) -> Result:
    from setup_assistant.doctor.remedy_plan import remedy_plan
    from setup_assistant.frozen_json import to_builtins

    data: dict[str, Any] = {
        "findings": [f.to_json() for f in found.findings],
        "seconds": dict(found.seconds),
        "attempts": to_builtins(attempts),
        "env": str(env) if env else None,
        "plan": list(remedy_plan(found.findings)),
        "notes": [str(note) for note in notes],
    }

    def shown() -> None:
        doctor_text.show_diagnosis(found)
        for note in notes:
            show.note(str(note))

    blind = [f for f in found.findings if f.status == "unknown"]
    if blind and not found.failed:
        # What could not be looked at is not well.
        unseen = SetupError("doctor_blind", names=", ".join(f.id for f in blind))
        return Result("doctor", data, exit_code=Exit.FAILED, errors=(Problem.of(unseen),),
                      text=shown)  # fmt: skip
    if not found.failed:
        warned = fail_on == "warn" and any(f.status == "warn" for f in found.findings)
        code = Exit.FAILED if warned else Exit.DONE
        return Result("doctor", data, exit_code=code,
                      text=shown)  # fmt: skip
    first = found.failed[0]
    failure = SetupError(
        "doctor_found", cause=str(first.cause), remedy=str(first.fix.advice) if first.fix else ""
    )
    # A person reads the same in the findings themselves.
    errors = (Problem.of(failure),) if show.is_json() else ()
    return Result("doctor", data, exit_code=Exit.FAILED, errors=errors,
                  text=shown)  # fmt: skip


def _write_bundle(path: Path, result: Result, case: Case) -> None:
    from setup_assistant.doctor.public_report import facts_of, report

    places: dict[str, str] = {}
    for folder, word in ((case.prefix, "<env>"), (case.folder, "<model>"), (case.cwd, "<here>")):
        if folder is not None and len(folder.parts) > 1:
            places |= {str(folder): word, str(folder.resolve()): word}
    _write_report(path, report(result.data, places, facts_of(case)))


def _write_report(path: Path, text: str) -> None:
    from setup_assistant.host import files

    files.write_text(path, text)
    show.note(_("Report written to {path}.", path=str(path)))


def _explain(source: str, bundle: Path | None) -> Result:
    from setup_assistant.doctor.public_report import report
    from setup_assistant.host import files
    from setup_assistant.machine.clean_text import decoded

    if source == "-":
        data = files.ends_of(sys.stdin.buffer)
    else:
        data = files.read_ends(Path(source).expanduser(), "--explain")
    text = decoded(data)
    result = explain_text(text)
    if bundle is not None:
        _write_report(bundle, report({**result.data, "text": text}, {}))
    return result


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
