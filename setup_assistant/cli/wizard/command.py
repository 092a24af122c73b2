"""The wizard: a few questions, the plan, and then the whole road.

The machine is probed in the background while the first questions are read, so that the first
one appears at once.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from setup_assistant import messages
from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import ask, show
from setup_assistant.cli.terminal.question import Back, Choice, Extras, OtherLanguage
from setup_assistant.cli.up.waiting import say_waiting
from setup_assistant.cli.wizard.background_probe import Probing
from setup_assistant.errors import SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.choose.wishes import Wishes
    from setup_assistant.cli.wizard.questions import Known, Question
    from setup_assistant.machine.facts import Machine
    from setup_assistant.steps.prepare import Prepared


# No value of a choice: none holds a blank.
_MORE = " more"


@verb("wizard", summary=_("Ask a few questions, show the plan, and do everything."))
def command() -> Result:
    """Start from nothing."""
    if not ask.interactive():
        raise SetupError("no_terminal")
    probing = Probing()
    while True:
        way = _way(probing)
        try:
            if way == "broken":
                from setup_assistant.cli.wizard.wizard_doctor import find_out

                return find_out()
            return _set_up({}, None, probing, only_answers=way == "answers", back=True)
        except Back:
            continue


def complete(wishes: Wishes, given: Mapping[str, object]) -> Result:
    """Ask what `up` was not told, then go the whole road."""
    probing = Probing()
    probing.begin()
    return _set_up(given, wishes, probing, only_answers=False, back=False)


def _way(probing: Probing) -> str:
    """Ask the first question, in the language that the person chooses."""
    while True:
        try:
            return ask.select(
                _("What would you like to do?"),
                [
                    Choice("here", _("Set up this machine")),
                    Choice("answers", _("Prepare answers for other machines")),
                    Choice("broken", _("Something is broken: find out why")),
                ],
                default="here",
                flag="up --yes",
                # Only now: importing the probe would hold up the first question.
                meanwhile=probing.begin,
                extras=Extras(why=_explain_ways, language=True),
            )
        except OtherLanguage:
            messages.use_printable_language("en" if messages.language() == "zh_CN" else "zh_CN")


def _explain_ways() -> None:
    ask.told(
        _("Set up: a plan is shown first, and nothing is changed before you agree to it."),
        _("Answers: your choices in a file, with which other machines are set up unasked."),
        _("Broken: an environment, an error message or this machine is examined; nothing is "
          "changed unless you agree."),
    )()  # fmt: skip


def _set_up(
    given: Mapping[str, object],
    wishes: Wishes | None,
    probing: Probing,
    *,
    only_answers: bool,
    back: bool,
) -> Result:
    """Ask, show the plan, and carry it out.

    Raises:
        Back: before the first question here, where `back` allows it.
    """
    from setup_assistant.steps.prepare import gather_wishes

    while True:
        folder = str(given.get("site") or _folder(back=back, only_answers=only_answers))
        wanted = gather_wishes({**given, "site": folder}, None) if wishes is None else wishes
        wanted = replace(wanted, site=str(Path(folder).expanduser().absolute()))
        try:
            asked_before = back or not given.get("site")
            return _from_wishes(
                wanted, given, probing, only_answers=only_answers, back=asked_before
            )
        except Back:
            if given.get("site"):
                raise


def _folder(*, back: bool, only_answers: bool) -> str:
    from setup_assistant.host import paths

    question = (
        _("Which folder shall the answers go into?")
        if only_answers
        else _("Which folder shall everything go into?")
    )
    default = str(paths.default_site())
    why = ask.told(
        _("Everything goes into this one folder: environment, weights, scripts, report. Nothing "
          "outside it is changed but a cache of packages."),
        _("It may be new or empty; take a disk with room for the weights."),
        _("setup-assistant uninstall takes everything back."),
    )  # fmt: skip
    return ask.text(question, default=default, flag="--site", extras=Extras(why=why, back=back),
                    wrong=_wrong_folder)  # fmt: skip


def _wrong_folder(given: str) -> str | None:
    """Return why a folder cannot be the site, None where it can."""
    from setup_assistant.choose.wishes import Wishes
    from setup_assistant.host import files
    from setup_assistant.steps.prepare import layout_of, site_folder

    try:
        layout = layout_of(Wishes(site=str(site_folder(given))))
    except SetupError as error:
        return str(error.message)
    if not os.access(files.nearest_existing(layout.root), os.W_OK):
        return _("{path} cannot be written; choose another folder.", path=str(layout.root))
    return None


def _from_wishes(
    wishes: Wishes,
    given: Mapping[str, object],
    probing: Probing,
    *,
    only_answers: bool,
    back: bool,
) -> Result:
    """Ask the rest; `back` says whether a question came before these."""
    from setup_assistant.cli.up.carry_out import carry_out
    from setup_assistant.cli.up.confirm_plan import agree
    from setup_assistant.steps.prepare import prepare

    resumed = (Path(wishes.site) / "plan.json").exists()
    answers: list[str] = []
    while True:
        wanted = wishes
        if not resumed:
            known = _known(wishes, probing.result(), only_answers)
            wanted = _ask_all(wishes, given, known, answers, back=back)
        prepared = prepare(
            wanted,
            machine=_with_site_disk(probing.result(), wanted),
            waiting=say_waiting,
        )
        if only_answers:
            return _save_answers(prepared)
        if prepared.replayed:
            show.line(_("{path} has a plan already: it is taken up where it was left.",
                        path=wanted.site))  # fmt: skip
        try:
            asking = functools.partial(agree, back=back or bool(answers))
            return carry_out(prepared, agree=asking)
        except Back:
            if not answers:
                raise
            answers.pop()


def _known(wishes: Wishes, machine: Machine, others: bool) -> Known:
    from setup_assistant.cli.wizard.questions import Known
    from setup_assistant.steps.prepare import make

    return Known(machine, make(machine, wishes), others)


def _ask_all(
    wishes: Wishes,
    given: Mapping[str, object],
    known: Known,
    answers: list[str],
    *,
    back: bool,
) -> Wishes:
    """Ask what `answers` does not answer yet; it is filled in place.

    Raises:
        Back: before the first question.
    """
    from setup_assistant.cli.wizard.questions import open_questions

    asked = [q for q in open_questions(given) if len(q.choices(known)) > 1]
    while len(answers) < len(asked):
        try:
            answers.append(_ask(asked[len(answers)], known, back=back or bool(answers)))
        except Back:
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
    fewer = question.first(choices)
    extras = Extras(why=ask.told(*question.why(known)), back=back)
    if len(fewer) < len(choices):
        more = Choice(_MORE, _("{count} others, quantized", count=len(choices) - len(fewer)))
        # Before the last one, which is the way around all models.
        shown = [*fewer[:-1], more, fewer[-1]]
        chosen = ask.select(question.text(), shown, default=shown[0].value, flag=question.flag,
                            extras=extras)  # fmt: skip
        if chosen != _MORE:
            return chosen
    return ask.select(question.text(), choices, default=choices[0].value, flag=question.flag,
                      extras=extras)  # fmt: skip


def _with_site_disk(machine: Machine, wishes: Wishes) -> Machine:
    """Add the room on the chosen disk: the machine was probed before the folder was known."""
    from setup_assistant.machine import disks

    return replace(machine, disks=tuple(disks.read(Path(wishes.site))))


def _save_answers(prepared: Prepared) -> Result:
    from setup_assistant.host import files
    from setup_assistant.site.answers import render_answers

    path = prepared.layout.answers
    rendered = render_answers(replace(prepared.wishes, site=""))
    files.write_text(path, rendered)
    show.line(_("Answers saved in {path}:", path=str(path)))
    for line in rendered.splitlines():
        # What was not chosen stands there empty, for who wants to edit it.
        if line and not line.startswith("#") and not line.endswith(('= ""', "= []", "= false")):
            show.line(f"    {line}")
    show.line(_("Copy the file to each machine, and run there:"))
    show.command(f"    setup-assistant up --yes --answers {path.name}")
    return Result("wizard", {"answers": str(path)})
