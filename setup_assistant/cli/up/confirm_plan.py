"""The question after the plan: nothing is touched before it is answered."""

from __future__ import annotations

from setup_assistant.cli.terminal import ask
from setup_assistant.cli.terminal.question import Choice, Extras
from setup_assistant.messages import _
from setup_assistant.steps.prepare import Prepared


def agree(prepared: Prepared, *, back: bool = True) -> bool:
    """Ask whether the plan that was shown shall be carried out.

    `?` gives its details and reasons, a key what else could be chosen.

    Raises:
        Back: an answer is to be changed, where `back` allows it.
    """
    from setup_assistant.cli.plan.text import show_alternatives, show_details

    choices = [Choice("yes", _("Yes, begin")), Choice("no", _("No, change nothing"))]
    plan = prepared.plan
    extras = Extras(
        why=lambda: show_details(plan, prepared.wishes),
        back=back,
        alternatives=(lambda: show_alternatives(plan)) if plan.alternatives else None,
    )
    chosen = ask.select(_("Do this now?"), choices, default="yes", flag="--yes",
                        extras=extras, shortcuts="yn")  # fmt: skip
    return chosen == "yes"
