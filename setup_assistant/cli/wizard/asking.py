"""Puts the wizard's questions, one after the other, with a way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from setup_assistant.choose.wishes import Wishes
from setup_assistant.cli.terminal import ask
from setup_assistant.cli.terminal.question import Back, Choice, Extras
from setup_assistant.cli.wizard.questions import QUESTIONS, Known, Question
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import _

# No value of a choice: none holds a blank.
_MORE = " more"


def ask_all(
    wishes: Wishes,
    given: Mapping[str, object],
    machine: Machine,
    answers: list[str],
    *,
    back: bool,
    for_others: bool = False,
) -> Wishes:
    """Ask what neither `given` nor `answers` answers yet; `answers` is filled in place.

    Raises:
        Back: before the first question.
    """
    from setup_assistant.steps.prepare import make

    known = Known(machine, make(machine, wishes), for_others)
    asked = [q for q in QUESTIONS if not given.get(q.key) and len(q.choices(known)) > 1]
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
        more = Choice(
            _MORE, _("{count} [other|others], quantized", count=len(choices) - len(fewer))
        )
        # Before the last one, which is the way around all models.
        shown = [*fewer[:-1], more, fewer[-1]]
        chosen = ask.select(question.text(), shown, default=shown[0].value, flag=question.flag,
                            extras=extras)  # fmt: skip
        if chosen != _MORE:
            return chosen
    return ask.select(question.text(), choices, default=choices[0].value, flag=question.flag,
                      extras=extras)  # fmt: skip
