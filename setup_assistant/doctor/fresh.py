"""The canary in a new, proved environment beside the person's: built, asked, and removed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from setup_assistant.catalog.recipes import load_all
from setup_assistant.choose.planner import make_plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.doctor.case import Case
from setup_assistant.errors import SetupError
from setup_assistant.host import log, paths, temporary
from setup_assistant.messages import Message
from setup_assistant.site.layout import Layout
from setup_assistant.site.write import write_site
from setup_assistant.steps.check_steps import CANARY
from setup_assistant.steps.environment import EnvironmentStep
from setup_assistant.steps.ledger import Ledger
from setup_assistant.steps.run_steps import Done, travel
from setup_assistant.steps.step import Context, Silent


class _Quiet:
    """Tells nobody about the steps."""

    def begin(self, title: Message, name: str) -> None:
        """Nothing."""

    def end(self, title: Message, done: Done) -> None:
        """Nothing."""


def answers(case: Case) -> bool | None:
    """Return whether the canary answers in a new environment; None where none could be made.

    It has the pins of the site that the person's environment is of, else those of the recipes.
    """
    from setup_assistant.verify.run import verify

    above = paths.cache_folder()
    above.mkdir(parents=True, exist_ok=True)
    with temporary.folder("beside", above=above) as folder:
        site = Layout(folder)
        lock = case.prefix.parent / "requirements.lock" if case.prefix else Path("-")
        wishes = Wishes(model=CANARY, backend="uv", site=str(site.root),
                        lock=str(lock) if lock.is_file() else "")  # fmt: skip
        try:
            recipes = load_all()
            plan = make_plan(case.machine, wishes, recipes)
            ledger = Ledger(site.ledger)
            ledger.begin()
            write_site(plan, case.machine, wishes, site, paths.recipes_folder())
            context = Context(
                machine=case.machine,
                plan=plan,
                wishes=wishes,
                site=site,
                ledger=ledger,
                recipes=paths.recipes_folder(),
                tell=Silent(),
            )
            done = travel(context, (EnvironmentStep(),), _Quiet())
        except SetupError as error:
            log.exception("an environment beside", error)
            return None
        if done.error:
            log.exception("an environment beside", done.error)
            return None
        return verify(site.env, plan=plan).status == "ok"


def answers_beside(case: Case, modules: Sequence[str]) -> bool:
    """Return whether the canary answers in the person's environment beside other modules."""
    from setup_assistant.verify.run import verify

    return (
        case.prefix is None
        or verify(case.prefix, beside=modules, device="cpu", questions=4).status == "ok"
    )
