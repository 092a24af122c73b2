"""From a prepared plan to the result of the whole road: shown, agreed to, done."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from setup_assistant.cli.common import language_flag
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import Exit, SetupError
from setup_assistant.host.files import read_json as files_json
from setup_assistant.host.program import program, spell
from setup_assistant.messages import Message, _
from setup_assistant.steps.prepare import Prepared, begin
from setup_assistant.steps.run_steps import Travel
from setup_assistant.steps.step import Context, Step


def carry_out(
    prepared: Prepared, *, dry_run: bool = False, agree: Callable[[Prepared], bool] | None = None
) -> Result:
    """Show the plan, ask for agreement where somebody can be asked, and do it.

    Raises:
        Back: from `agree`, before anything was done.
    """
    from setup_assistant.cli.plan.text import show_brief, show_plan
    from setup_assistant.host import files, sites

    for note in prepared.notes:
        show.note(str(note))
    if dry_run:
        data = {**_plan_data(prepared), "steps": _left(prepared)}
        return Result("up", data, text=lambda: show_plan(
            prepared.plan, prepared.machine, prepared.wishes))  # fmt: skip
    if not prepared.replayed and not show.is_silent():
        show_brief(prepared.plan, prepared.machine, str(prepared.layout.root), prepared.wishes)
    if agree is not None and not agree(prepared):
        return Result("up", _plan_data(prepared), text=lambda: show.line(_("Nothing was done.")))
    above = [p for p in prepared.layout.root.parents if not p.exists()]
    with files.exclusive(prepared.layout.lock):
        sites.register(prepared.layout.root)
        return _travel(prepared, agree, above)


def _left(prepared: Prepared) -> list[dict[str, str]]:
    """Return what each step would find: `already` as it is to be, or `planned`. Writes nothing."""
    from setup_assistant.steps.prepare import context_of
    from setup_assistant.steps.rehearsal import wanted
    from setup_assistant.steps.run_steps import standard_steps
    from setup_assistant.steps.step import Silent

    context = context_of(prepared, Silent())

    def so(step: Step) -> bool:
        # Of a site with another plan, or none, nothing is as this one would leave it.
        with suppress(OSError):
            return prepared.replayed and step.check(context)
        return False

    rehearse = wanted(prepared.plan, prepared.wishes, prepared.layout)
    steps = standard_steps(prepared.plan, rehearse=rehearse)
    return [{"name": s.name, "status": "already" if so(s) else "planned"} for s in steps]


def _travel(
    prepared: Prepared, agree: Callable[[Prepared], bool] | None, above: Sequence[Path]
) -> Result:
    from setup_assistant.cli.plan.text import show_brief
    from setup_assistant.cli.up.step_display import Guide
    from setup_assistant.steps.rehearsal import wanted
    from setup_assistant.steps.run_steps import standard_steps, travel
    from setup_assistant.steps.without_torch_source import planned_again

    guide = Guide()
    try:
        context = begin(prepared, guide, above)
        rehearse = wanted(prepared.plan, prepared.wishes, prepared.layout)
        travelled = travel(context, standard_steps(prepared.plan, rehearse=rehearse), guide)
    except KeyboardInterrupt:
        raise SetupError("interrupted", command=resume_command(prepared)) from None
    finally:
        guide.close()
    if again := planned_again(prepared, travelled.error):
        show.note(str(again.notes[-1]))
        if not show.is_silent():
            show_brief(again.plan, again.machine, str(again.layout.root), again.wishes)
        if agree is None or agree(again):
            return _travel(again, agree, above)
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
    remarks = [str(note) for note in _remarks(prepared, travelled)]
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
        "notes": [*(str(note) for note in prepared.notes), *remarks],
    }  # fmt: skip
    from setup_assistant.cli.up.up_summary import show_ending

    def show_all() -> None:
        show_ending(prepared, receipt)
        for remark in remarks:
            show.line(remark)

    return Result("up", data, travelled.exit, problems, text=show_all)


def _remarks(prepared: Prepared, travelled: Travel) -> list[Message]:
    """Return what the index tells after a run that took packages from it."""
    from setup_assistant.steps.newer_release import remark

    wishes, built = prepared.wishes, ("environment", "done")
    asked = built in [(d.name, d.status) for d in travelled.steps]
    if travelled.error or not asked or wishes.offline or wishes.wheelhouse:
        return []
    said = remark(prepared.plan)
    return [said] if said else []


def _hint(error: SetupError, resume: str) -> str:
    """Add the resume command where running again is what mends it."""
    hint = spell(str(error.hint))
    if error.exit != Exit.PARTLY or resume in hint:
        return hint
    return hint + " " + _("Resume with: {command}", command=resume)


def resume_command(prepared: Prepared) -> str:
    """Return the command that goes on from here."""
    words = ["up", "--yes", "--site", str(prepared.layout.root), *language_flag()]
    return f"{program()} {shlex.join(words)}"


def _plan_data(prepared: Prepared) -> dict[str, Any]:
    from setup_assistant.choose.plan_json import to_json

    notes = [str(note) for note in prepared.notes]
    site = str(prepared.layout.root)
    return {"site": site, "dry_run": True, "notes": notes, **to_json(prepared.plan)}
