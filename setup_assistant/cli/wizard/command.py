"""The wizard: what was found, a few questions, the plan, and then the whole road.

The machine is probed in the background while the first question is read, so that it appears at
once.
"""

from __future__ import annotations

import contextlib
import functools
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from setup_assistant import messages
from setup_assistant.cli.common import same_command, verb
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import ask, show
from setup_assistant.cli.terminal.question import Back, Choice, Extras, OtherLanguage
from setup_assistant.cli.up.waiting import say_waiting
from setup_assistant.cli.wizard.background_probe import Looking, Probing
from setup_assistant.errors import SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.choose.wishes import Wishes
    from setup_assistant.machine.facts import Machine
    from setup_assistant.steps.prepare import Prepared

Given = Mapping[str, object]
# What a folder that has its environment is no longer asked.
_BUILT = {"gpus": True, "backend": True}


@click.option("--machine", type=click.Path(path_type=Path))
@verb("wizard", summary=_("Ask a few questions, show the plan, and do everything."))
def command(machine: Path | None) -> Result:
    """Start from nothing."""
    if not ask.interactive():
        raise SetupError("no_terminal")
    if machine is not None:
        from setup_assistant.cli.wizard.elsewhere import walk

        return walk(machine)
    probing = Probing()
    while True:
        with unchanged():
            way = _way(probing)
        try:
            if way == "broken":
                from setup_assistant.cli.wizard.wizard_doctor import find_out

                return find_out(probing)
            with unchanged():
                return _answers(probing) if way == "answers" else set_up({}, None, probing)
        except Back:
            continue


@contextlib.contextmanager
def unchanged() -> Iterator[None]:
    """Let Ctrl-C say that nothing was changed: the road itself tells what to resume with."""
    try:
        yield
    except KeyboardInterrupt:
        raise SetupError("interrupted_early", command=same_command()) from None


def complete(wishes: Wishes, given: Given) -> Result:
    """Ask what `up` was not told, then go the whole road."""
    probing = Probing()
    probing.begin()
    with unchanged():
        return set_up(given, wishes, probing, back=False)


def _way(probing: Looking) -> str:
    """Ask the first question, in the language that the person chooses."""
    while True:
        why = ask.told(
            _("Set up: a plan is shown first, and nothing is changed before you agree to it."),
            _("Answers: your choices in a file that sets up other machines without asking."),
            _("Broken: an environment, an error message or this machine is examined; nothing is "
              "changed unless you agree."),
        )  # fmt: skip
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
                extras=Extras(why=why, language=True),
            )
        except OtherLanguage:
            messages.use_printable_language("en" if messages.language() == "zh_CN" else "zh_CN")


def set_up(given: Given, wishes: Wishes | None, looking: Looking, *, back: bool = True) -> Result:
    """Say what was found, ask, show the plan, and carry it out.

    Raises:
        Back: before the first question here, where `back` allows it.
    """
    from setup_assistant.choose.wishes import Wishes as Kind
    from setup_assistant.cli.wizard import obstacles
    from setup_assistant.cli.wizard.folder import ask_folder, wishes_of

    cleared = obstacles.clear(looking, wishes or Kind(), back=back)
    if isinstance(cleared, Result):
        return cleared
    if cleared.gpus:
        given = {**given, "gpus": cleared.gpus}
    while True:
        folder = str(given.get("site") or ask_folder(back=back))
        wanted = wishes_of(folder, given, wishes)
        try:
            found = _in_folder(wanted, given, looking, back=back or not given.get("site"))
            if found is not None:
                return found
            given = {**given, "site": ""}
        except Back:
            if given.get("site"):
                raise


def _in_folder(wishes: Wishes, given: Given, looking: Looking, *, back: bool) -> Result | None:
    """Go on with a folder; None where another one is wanted."""
    from setup_assistant.cli.wizard import finished
    from setup_assistant.steps.gather_wishes import layout_of

    layout = layout_of(wishes)
    if not finished.is_finished(layout):
        new = not layout.plan.exists()
        return _from_wishes(wishes, given if new else None, looking, back=back)
    while True:
        what = finished.ask_what(layout, back=back)
        if what == "folder":
            return None
        if what == "prove":
            return finished.prove(layout)
        try:
            another = replace(wishes, model="auto")
            return _from_wishes(another, _BUILT, looking, back=True, replan=True)
        except Back:
            continue


def _from_wishes(
    wishes: Wishes, given: Given | None, looking: Looking, *, back: bool, replan: bool = False
) -> Result:
    """Ask the rest, unless nothing is `given` since a plan is there; then do it.

    `back` says whether a question came before these.
    """
    from setup_assistant.cli.up.carry_out import carry_out
    from setup_assistant.cli.up.confirm_plan import agree
    from setup_assistant.cli.wizard.asking import ask_all
    from setup_assistant.steps.prepare import prepare

    answers: list[str] = []
    while True:
        wanted = wishes
        if given is not None:
            wanted = ask_all(wishes, given, looking.result(), answers, back=back)
        prepared = prepare(
            wanted,
            machine=_with_site_disk(looking.result(), wanted),
            replan=replan,
            waiting=say_waiting,
        )
        if prepared.replayed:
            show.line(_("{path} has a plan already: it is taken up where it was left.",
                        path=wanted.site))  # fmt: skip
        try:
            return carry_out(prepared, agree=functools.partial(agree, back=back or bool(answers)))
        except Back:
            if not answers:
                raise
            answers.pop()


def _answers(looking: Looking) -> Result:
    """Ask for other machines, and save the answers."""
    from setup_assistant.cli.wizard.asking import ask_all
    from setup_assistant.cli.wizard.folder import ask_folder, wishes_of
    from setup_assistant.steps.prepare import prepare

    while True:
        wishes = wishes_of(ask_folder(back=True, only_answers=True), {}, None)
        try:
            machine = looking.result()
            wanted = ask_all(wishes, {}, machine, [], back=True, for_others=True)
            return _save_answers(prepare(wanted, machine=machine, waiting=say_waiting))
        except Back:
            continue


def _with_site_disk(machine: Machine, wishes: Wishes) -> Machine:
    """Add the room on the chosen disk: the machine was probed before the folder was known."""
    from setup_assistant.machine import disks

    return replace(machine, disks=tuple(disks.read(Path(wishes.site))))


def _save_answers(prepared: Prepared) -> Result:
    from setup_assistant.host import files
    from setup_assistant.site.answers import render_answers

    path = prepared.layout.answers
    rendered = render_answers(replace(prepared.wishes, site=""), path)
    files.write_text(path, rendered)
    show.line(_("Answers saved in {path}:", path=str(path)))
    for line in rendered.splitlines():
        # What was not chosen stands there empty, for who wants to edit it.
        if (
            line
            and not line.startswith("#")
            and not line.endswith(('= ""', "= []", "= 0", "= false"))
        ):
            show.line(f"    {line}")
    show.line(_("Run it here, or with this file on any machine that has this tool:"))
    show.command(f"    setup-assistant up --yes --answers {shlex.quote(str(path))}")
    return Result("wizard", {"answers": str(path)})
