"""`up`: the whole road, from this machine to a proved answer."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.progress import busy
from setup_assistant.cli.up.wishes import wish_options
from setup_assistant.errors import Exit, SetupError
from setup_assistant.host.files import read_json as files_json
from setup_assistant.host.program import program, spell
from setup_assistant.messages import _
from setup_assistant.result import Problem, Result
from setup_assistant.steps.prepare import Prepared, begin
from setup_assistant.steps.run_steps import Travel
from setup_assistant.steps.step import Context


@verb(
    "up",
    summary=_(
        "The whole road: probe, plan, environment, canary, weights, proof, report.\n\n"
        "Safe to run again: it goes on where it was, and changes nothing that is already so."
    ),
    examples=(
        "setup-assistant up --yes --model canary --site qwen2-vl",
        "setup-assistant up --dry-run",
        "setup-assistant up --answers answers.toml --yes",
    ),
)
@wish_options
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    help=_("Replay the answers in this file; flags win over it."),
)
@click.option(
    "--lock",
    metavar="FILE",
    help=_("Install exactly what another site's requirements.lock names, hashes compared."),
)
@click.option(
    "--offline",
    is_flag=True,
    default=None,
    help=_("Take packages from the cache and local folders only."),
)
@click.option(
    "--wheelhouse",
    metavar="DIR",
    help=_("Take packages from the wheels in this folder, and ask no index."),
)
@click.option(
    "--rehearse",
    is_flag=False,
    flag_value="yes",
    type=click.Choice(["yes", "no"]),
    help=_(
        "Show with dummy weights that the model fits, before its weights are downloaded; by "
        "default on a GPU where they are over 4 GB (about a minute)."
    ),
)
@click.option("--yes", is_flag=True, help=_("Take the defaults and do not ask."))
@click.option("--dry-run", is_flag=True, help=_("Show the plan and change nothing."))
@click.option("--replan", is_flag=True, help=_("Plan again, even where the site has a plan."))
def command(
    answers: Path | None, yes: bool, dry_run: bool, replan: bool, **flags: object
) -> Result:
    """Travel the whole road."""
    from setup_assistant.cli.terminal import ask
    from setup_assistant.steps.prepare import gather_wishes, prepare

    if answers is not None and not answers.exists():
        raise SetupError("file_missing", path=str(answers), flag="--answers")
    wishes = gather_wishes(flags, answers)
    if not (yes or dry_run or ask.interactive()):
        raise SetupError("unanswered", flag="--yes")
    if not (yes or dry_run) and not flags.get("model") and answers is None:
        from setup_assistant.cli.wizard.command import complete

        return complete(wishes, given=flags)
    with busy(_("Looking at this machine"), expected_seconds=8):
        prepared = prepare(wishes, replan=replan)
    return carry_out(prepared, dry_run=dry_run, agree=None if yes else _agree)


def carry_out(
    prepared: Prepared, *, dry_run: bool = False, agree: Callable[[Prepared], bool] | None = None
) -> Result:
    """Show the plan, ask for agreement where somebody can be asked, and do it.

    Raises:
        ask.Back: from `agree`, before anything was done.
    """
    from setup_assistant.cli.plan.text import show_plan
    from setup_assistant.host import files, sites

    for note in prepared.notes:
        show.note(str(note))
    if dry_run:
        return Result("up", _plan_data(prepared), text=lambda: show_plan(prepared.plan))
    if not prepared.replayed and not show.is_silent():
        show_plan(prepared.plan, whole=False)
        show.line()
    if agree is not None and not agree(prepared):
        return Result("up", _plan_data(prepared), text=lambda: show.line(_("Nothing was done.")))
    with files.exclusive(prepared.layout.lock):
        sites.register(prepared.layout.root)
        return _travel(prepared)


def _travel(prepared: Prepared) -> Result:
    from setup_assistant.cli.up.step_display import Guide
    from setup_assistant.steps.rehearsal import wanted
    from setup_assistant.steps.run_steps import standard_steps, travel

    guide = Guide()
    context = begin(prepared, guide)
    try:
        rehearse = wanted(prepared.plan, prepared.wishes, prepared.layout)
        travelled = travel(context, standard_steps(prepared.plan, rehearse=rehearse), guide)
    except KeyboardInterrupt:
        raise SetupError("interrupted", command=resume_command(prepared)) from None
    finally:
        guide.close()
    return _ending(prepared, context, travelled)


def _ending(prepared: Prepared, context: Context, travelled: Travel) -> Result:
    from setup_assistant.report.receipt import to_json
    from setup_assistant.steps import write_receipt

    resume = resume_command(prepared) if travelled.error else None
    layout = prepared.layout
    if travelled.changed or not write_receipt.has_account(layout):
        receipt = to_json(write_receipt.keep_account(context, resume=resume))
    else:
        receipt = files_json(layout.receipt)
    error = travelled.error
    problems = (replace(Problem.of(error), hint=_hint(error, str(resume))),) if error else ()
    data = {
        "site": str(layout.root),
        "receipt": str(layout.receipt),
        "report": str(layout.report),
        "steps": [{"name": d.name, "status": d.status, "seconds": d.seconds}
                  for d in travelled.steps],
        "checks": receipt["checks"],
        "machine": receipt["machine"],
        "plan": receipt["plan"],
        "resume": resume,
    }  # fmt: skip
    from setup_assistant.cli.up.up_summary import show_ending

    return Result("up", data, travelled.exit, problems, text=lambda: show_ending(prepared, receipt))


def _hint(error: SetupError, resume: str) -> str:
    """Add the resume command where running again is what mends it."""
    hint = spell(str(error.hint))
    if error.exit != Exit.PARTLY or resume in hint:
        return hint
    return hint + " " + _("Resume with: {command}", command=resume)


def resume_command(prepared: Prepared) -> str:
    """Return the command that goes on from here."""
    return f"{program()} up --yes --site {shlex.quote(str(prepared.layout.root))}"


def _agree(prepared: Prepared) -> bool:
    from setup_assistant.cli.up.confirm_plan import agree

    return agree(prepared, back=False)


def _plan_data(prepared: Prepared) -> dict[str, Any]:
    from setup_assistant.choose.plan_json import to_json

    return {"site": str(prepared.layout.root), "dry_run": True, **to_json(prepared.plan)}
