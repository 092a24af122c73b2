"""The wizard: a few questions, the plan, and then the whole road.

The machine is probed in the background while the first questions are read, so that the first
one appears at once.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from setup_assistant.cli import ask, show
from setup_assistant.cli.ask import Choice
from setup_assistant.cli.common import verb
from setup_assistant.errors import SetupError
from setup_assistant.result import Result
from setup_assistant.words import _

if TYPE_CHECKING:
    from setup_assistant.choose.wishes import Wishes
    from setup_assistant.cli.questions import Known, Question
    from setup_assistant.machine.facts import Machine
    from setup_assistant.steps.prepare import Prepared


@verb("wizard", summary=_("Ask a few questions, show the plan, and do everything."))
def command() -> Result:
    """Start from nothing."""
    if not ask.interactive():
        raise SetupError("unanswered", flag="up --yes")
    probing = _Probing()
    way = ask.select(
        _("What would you like to do?"),
        [
            Choice("here", _("Set up this machine")),
            Choice("answers", _("Prepare answers for other machines")),
            Choice("check", _("Check an environment that is already there")),
        ],
        default="here",
        flag="up --yes",
        # Only now: importing the probe would hold up the first question.
        meanwhile=probing.start,
    )
    if way == "check":
        return _check()
    return _set_up({}, None, probing, only_answers=way == "answers")


def complete(wishes: Wishes, given: Mapping[str, object]) -> Result:
    """Ask what `up` was not told, then go the whole road."""
    probing = _Probing()
    probing.start()
    return _set_up(given, wishes, probing, only_answers=False)


class _Probing(threading.Thread):
    """Probes the machine while the person reads."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._machine: Machine | None = None

    def run(self) -> None:
        from setup_assistant.machine.probe import probe

        self._machine = probe()

    def result(self) -> Machine:
        if self.is_alive():
            show.note(_("Looking at this machine ..."))
        self.join()
        if self._machine is None:
            raise SetupError("internal", detail="probe", log="-")
        return self._machine


def _set_up(
    given: Mapping[str, object], wishes: Wishes | None, probing: _Probing, *, only_answers: bool
) -> Result:
    from setup_assistant.cli.up import carry_out
    from setup_assistant.steps.prepare import gather_wishes, layout_of, prepare

    while True:
        folder = given.get("site") or _folder()
        wanted = gather_wishes({**given, "site": folder}, None) if wishes is None else wishes
        wanted = replace(wanted, site=str(Path(str(folder)).expanduser().absolute()))
        layout_of(wanted)
        if (Path(wanted.site) / "plan.json").exists():
            break
        try:
            wanted = _ask_all(wanted, given, probing.result())
        except ask.Back:
            continue
        break
    wishes = wanted
    prepared = prepare(wishes, machine=_with_site_disk(probing.result(), wishes))
    if only_answers:
        return _save_answers(prepared)
    return carry_out(prepared, agree=_agree)


def _folder() -> str:
    from setup_assistant.host import paths

    default = str(paths.default_site())
    return ask.text(_("Which folder shall everything go into?"), default=default, flag="--site")


def _ask_all(wishes: Wishes, given: Mapping[str, object], machine: Machine) -> Wishes:
    from setup_assistant.cli.questions import Known, open_questions
    from setup_assistant.steps.prepare import make

    known = Known(machine, make(machine, wishes))
    asked = [q for q in open_questions(given) if len(q.choices(known)) > 1]
    answers: list[str] = []
    while len(answers) < len(asked):
        # Back from the first of them leads to the folder, where that was asked.
        back = bool(answers) or not given.get("site")
        try:
            answers.append(_ask(asked[len(answers)], known, back=back))
        except ask.Back:
            if not answers:
                raise
            answers.pop()
    for question, answer in zip(asked, answers, strict=True):
        if answer:
            value = (answer,) if question.key == "gpus" else answer
            wishes = replace(wishes, **{question.key: value})  # type: ignore[arg-type]
    return wishes


def _ask(question: Question, known: Known, *, back: bool) -> str:
    choices = question.choices(known)
    return ask.select(
        question.text(),
        choices,
        default=choices[0].value,
        flag=question.flag,
        why=lambda: _explain(question.why(known)),
        back=back,
    )


def _explain(lines: list[str]) -> None:
    show.facts(("", line) for line in lines)


def _with_site_disk(machine: Machine, wishes: Wishes) -> Machine:
    """Add the room on the chosen disk: the machine was probed before the folder was known."""
    from setup_assistant.machine import disks

    return replace(machine, disks=tuple(disks.read(Path(wishes.site))))


def _save_answers(prepared: Prepared) -> Result:
    from setup_assistant.cli.plan_text import show_plan
    from setup_assistant.host import files
    from setup_assistant.host.program import program
    from setup_assistant.site.answers import render_answers

    path = prepared.layout.answers
    files.write_text(path, render_answers(replace(prepared.wishes, site="")))
    show_plan(prepared.plan)
    show.line(_("Answers saved in {path}.", path=str(path)))
    show.line(_("On each machine: {command}",
                command=f"{program()} up --yes --answers {path.name}"))  # fmt: skip
    return Result("wizard", {"answers": str(path)})


def _check() -> Result:
    from setup_assistant.cli.doctor import examine
    from setup_assistant.host import paths

    default = str(paths.default_site() / "env")
    prefix = ask.text(_("Which environment (its folder)?"), default=default, flag="--env")
    folder = Path(prefix).expanduser()
    if not folder.is_dir():
        raise SetupError("file_missing", path=str(folder), flag="--env")
    return examine(folder)


def _agree() -> bool:
    return ask.confirm(_("Do this now?"), default=True, flag="--yes")
