"""The wizard's questions, as data: each has a key of `Wishes`, a flag, choices and a default.

A question is asked only where nothing has answered it yet and where there is a choice to make.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from setup_assistant.choose.plan import Alternative, Plan
from setup_assistant.cli.terminal.question import Choice
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import _

# What the wheel of py-rattler weighs (0.28, Linux x86_64).
_RATTLER_BYTES = 25_000_000


@dataclass(frozen=True)
class Known:
    """What is known when a question comes up: the machine, and the plan of the defaults."""

    machine: Machine
    plan: Plan
    # Whether the answers are for other machines than this one.
    for_others: bool = False


@dataclass(frozen=True)
class Question:
    """One question with a fixed set of answers; it is skipped where one answer is left."""

    key: str
    flag: str
    text: Callable[[], str]
    choices: Callable[[Known], list[Choice]]
    why: Callable[[Known], list[str]]
    # Which of many choices are shown at first.
    first: Callable[[list[Choice]], list[Choice]] = list


def _models(known: Known) -> list[Choice]:
    """The recommended model, the others that fit, and the canary alone."""
    from setup_assistant.units_text import size_text

    plan = known.plan
    title = (
        _("The largest that fits each machine (recommended); here: {model}", model=plan.model.id)
        if known.for_others
        else _(
            "{model} (recommended): download {size}",
            model=plan.model.id,
            size=size_text(plan.model.download_bytes),
        )
    )
    found = [Choice("auto", title)]
    found += [
        Choice(a.what, _offer(a))
        for a in plan.alternatives
        if a.kind == "model" and a.fits and a.what not in (plan.model.id, "canary")
    ]  # fmt: skip
    found.append(Choice("canary", _("Only prove the environment, without a large download")))
    return found


def _offer(other: Alternative) -> str:
    """Return a model with its price, and that nobody proved it where nobody did."""
    from setup_assistant.units_text import size_text

    size = size_text(other.download_bytes or 0)
    if other.proved:
        return _("{model}: download {size}", model=other.what, size=size)
    return _(
        "{model}: download {size}; not proved here",
        model=other.what,
        size=size,
    )


def _whole_models(choices: list[Choice]) -> list[Choice]:
    """Leave the quantized ones for a second look, where that shortens the list."""
    from setup_assistant.cli.plan.text import QUANTIZED

    few = [c for c in choices if c is choices[0] or not QUANTIZED.search(c.value)]
    return few if len(choices) - len(few) > 1 else choices


def _backends(known: Known) -> list[Choice]:
    """The engines found here and uv; rattler, where a channel answers and no conda is here."""
    engines = [t.name for t in known.machine.tools if t.name in ("conda", "mamba", "micromamba")]
    found = [Choice("auto", _("{engine} (recommended)", engine=known.plan.backend))]
    found += [Choice(name, name) for name in dict.fromkeys([*engines, "uv"])
              if engines and name != known.plan.backend]  # fmt: skip
    if _rattler_makes_sense(known):
        found.append(Choice("rattler", _rattler()))
    return found


def _rattler_makes_sense(known: Known) -> bool:
    """Whether a conda environment can be had only through it."""
    tools, sources = known.machine.tools, known.machine.sources
    engines = any(t.name in ("conda", "mamba", "micromamba") for t in tools)
    return not engines and any(s.leg == "conda" and s.reachable for s in sources)


def _rattler() -> str:
    from setup_assistant.steps.backends import rattler
    from setup_assistant.units_text import size_text

    if rattler.available():
        return _("rattler: a conda environment, without conda")
    return _("rattler: a conda environment, without conda; {size} more to download",
             size=size_text(_RATTLER_BYTES))  # fmt: skip


def _cards(known: Known) -> list[Choice]:
    if known.for_others:
        return []  # their cards have other names
    usable = [g for g in known.machine.gpus if g.usable and g.vendor == "nvidia"]
    if len(usable) < 2:
        return [Choice("", _("all cards"))]
    found = [Choice("", _("All {count} cards, as the plan divides them", count=len(usable)))]
    found += [Choice(g.uuid or str(g.index), f"{g.index}: {g.name}") for g in usable]
    return found


def _why_model(known: Known) -> list[str]:
    """Say why the recommended model is recommended, with the plan's own reasons."""
    said = [str(r.message) for r in known.plan.reasons if r.about.partition(".")[0] == "model"]
    quantized = bool(known.plan.model.quantization) and known.plan.model.quantization != "none"
    return [
        _("The recommended model is the largest that fits in memory; its weights are quantized.")
        if quantized
        else _("The recommended model is the largest that fits in memory without being quantized."),
        *said,
        _("Another one can be chosen later: run the command again with --replan."),
    ]


def _why_cards(known: Known) -> list[str]:  # noqa: ARG001 - the contract of a question
    return [
        _("More cards hold a larger model; the others stay free for other work."),
        _("A card of another generation can force an older torch on all of them."),
    ]


def _why_backend(known: Known) -> list[str]:
    said = [str(r.message) for r in known.plan.reasons if r.about == "backend"]
    if _rattler_makes_sense(known):
        said.append(
            _("With rattler, Python and pip come from a conda channel, and conda activate and "
              "conda list know the environment. Without such a need, uv is quicker.")
        )  # fmt: skip
    return [*said, _("The installed versions are the same with every engine.")]


QUESTIONS: tuple[Question, ...] = (
    Question("model", "--model", lambda: _("Which model?"), _models, _why_model,
             _whole_models),
    Question("gpus", "--gpu", lambda: _("Which cards may be used?"), _cards, _why_cards),
    Question(
        "backend", "--backend", lambda: _("Which engine makes the environment?"), _backends,
        _why_backend,
    ),
)  # fmt: skip
