"""The wizard for another machine, from its `machine.json`: a dry run for who helps somebody."""

from __future__ import annotations

import shlex
from pathlib import Path

from setup_assistant.choose.wishes import Wishes
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.cli.wizard.background_probe import Saved
from setup_assistant.messages import _


def walk(file: Path) -> Result:
    """Ask the wizard's questions for a saved machine; end with the command for it."""
    from setup_assistant.choose import plan_json
    from setup_assistant.cli.plan.command import saved_machine
    from setup_assistant.cli.plan.text import show_brief
    from setup_assistant.cli.wizard import obstacles
    from setup_assistant.cli.wizard.asking import ask_all
    from setup_assistant.steps.prepare import make

    machine = saved_machine(file)
    show.line(_("The machine in {path}; this is a dry run, nothing is done here.", path=str(file)))
    wishes = obstacles.clear(Saved(machine), Wishes(), back=False)
    if isinstance(wishes, Result):
        return wishes
    wanted = ask_all(wishes, {"gpus": wishes.gpus}, machine, [], back=False)
    plan = make(machine, wanted)
    show_brief(plan, machine, "")
    show.line(_("On that machine:"))
    show.command(f"  {command_for(wanted)}")
    return Result("wizard", {"dry_run": True, **plan_json.to_json(plan)})


def command_for(wishes: Wishes) -> str:
    """Return the command that makes these choices elsewhere, with a name that works there."""
    words = ["python3", "-m", "setup_assistant", "up", "--model", wishes.model]
    for gpu in wishes.gpus:
        words += ["--gpus", gpu]
    if wishes.backend != "auto":
        words += ["--backend", wishes.backend]
    return shlex.join(words)
