"""A folder that is finished: what it holds, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setup_assistant.choose.candidates import CANARY
from setup_assistant.cli.terminal import ask, show
from setup_assistant.cli.terminal.question import Choice, Extras
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.cli.result import Result
    from setup_assistant.site.layout import Layout


def is_finished(layout: Layout) -> bool:
    """Whether the whole road of this folder was travelled, and nothing was changed since."""
    from setup_assistant.steps import write_receipt

    return layout.plan.exists() and write_receipt.has_account(layout)


def ask_what(layout: Layout, *, back: bool) -> str:
    """Say what the folder holds, and ask what shall become of it: model, prove, or folder.

    Raises:
        Back: the person goes back to the question before.
    """
    from setup_assistant.report.labels import model_name
    from setup_assistant.report.sections import headline
    from setup_assistant.site.receipts import read_receipt

    receipt = read_receipt(layout)
    model = receipt.plan.model.id
    show.line(_("{path} is finished; it holds: {model}.", path=str(layout.root),
                model=str(model_name(model))))  # fmt: skip
    show.line(f"  {headline(receipt)} {show.bracketed([receipt.when.replace('T', ' ')])}")
    other = _("Put a real model into it") if model == CANARY else _("Another model")
    choices = [
        Choice("model", other),
        Choice("prove", _("Prove it again")),
        Choice("folder", _("Another folder")),
    ]
    why = ask.told(
        _("A model: the environment stays, and the weights come into it; a plan is shown first."),
        _("Prove: the questions with known answers are asked once more. Nothing is changed."),
        _("Another folder: this one stays as it is."),
    )
    first = "model" if model == CANARY else "prove"
    return ask.select(_("What do you want to do with it?"), choices, default=first, flag="--site",
                      extras=Extras(why=why, back=back))  # fmt: skip


def prove(layout: Layout) -> Result:
    """Ask the model of the folder questions with known answers."""
    from setup_assistant.cli.verify.command import run_verification
    from setup_assistant.site.read import read_plan

    plan = read_plan(layout)
    weights = layout.weights(plan.model.modelscope_id)
    model = "canary" if plan.model.id == CANARY else str(weights)
    return run_verification(layout.env, model=model, plan=plan, root=layout.root)
