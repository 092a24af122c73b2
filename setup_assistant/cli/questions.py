"""The wizard's questions, as data: each has a key of `Wishes`, a flag, choices and a default.

A question is asked only where nothing has answered it yet and where there is a choice to make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from setup_assistant.choose.plan import Plan
from setup_assistant.cli.ask import Choice
from setup_assistant.machine.facts import Machine
from setup_assistant.words import _


@dataclass(frozen=True)
class Known:
    """What is known when a question comes up: the machine, and the plan of the defaults."""

    machine: Machine
    plan: Plan


@dataclass(frozen=True)
class Question:
    """One question with a fixed set of answers; it is skipped where one answer is left."""

    key: str
    flag: str
    text: Callable[[], str]
    choices: Callable[[Known], list[Choice]]


def _models(known: Known) -> list[Choice]:
    """The recommended model, the others that fit, and the canary alone."""
    from setup_assistant.sizes import size_text

    plan = known.plan
    found = [
        Choice(
            "auto",
            _(
                "{model} (recommended): download {size}",
                model=plan.model.id,
                size=size_text(plan.model.download_bytes),
            ),
        )
    ]
    found += [
        Choice(a.what, _("{model}: download {size}", model=a.what,
                         size=size_text(a.download_bytes or 0)))
        for a in plan.alternatives
        if a.kind == "model" and a.fits and a.what not in (plan.model.id, "canary")
    ]  # fmt: skip
    found.append(Choice("canary", _("Only prove the environment, without a large download")))
    return found


def _backends(known: Known) -> list[Choice]:
    engines = [t.name for t in known.machine.tools if t.name in ("conda", "mamba", "micromamba")]
    found = [Choice("auto", _("{engine} (recommended)", engine=known.plan.backend))]
    found += [Choice(name, name) for name in dict.fromkeys([*engines, "uv"])
              if name != known.plan.backend]  # fmt: skip
    return found if engines else found[:1]


def _cards(known: Known) -> list[Choice]:
    usable = [g for g in known.machine.gpus if g.usable and g.vendor == "nvidia"]
    if len(usable) < 2:
        return [Choice("", _("all cards"))]
    found = [Choice("", _("All {count} cards, as the plan divides them", count=len(usable)))]
    found += [Choice(g.uuid or str(g.index), f"{g.index}: {g.name}") for g in usable]
    return found


QUESTIONS: tuple[Question, ...] = (
    Question("model", "--model", lambda: _("Which model?"), _models),
    Question("gpus", "--gpu", lambda: _("Which cards may be used?"), _cards),
    Question("backend", "--backend", lambda: _("Which engine makes the environment?"), _backends),
)


def open_questions(given: Mapping[str, object]) -> tuple[Question, ...]:
    """Return the questions that nothing has answered yet."""
    return tuple(q for q in QUESTIONS if not given.get(q.key))
