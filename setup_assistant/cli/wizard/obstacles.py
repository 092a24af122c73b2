"""What stands in the way of a plan, said before anything is asked, and the ways around it."""

from __future__ import annotations

from dataclasses import replace

from setup_assistant.choose import occupied
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.usable_gpus import NO_GPU
from setup_assistant.choose.wishes import Wishes
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import ask, show
from setup_assistant.cli.terminal.question import Choice, Extras
from setup_assistant.cli.wizard.background_probe import Looking
from setup_assistant.cli.wizard.found import show_found
from setup_assistant.errors import Exit, SetupError
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import _


def clear(looking: Looking, wishes: Wishes, *, back: bool) -> Wishes | Result:
    """Show what was found, and ask how to go on where something stands in the way.

    Returns the wishes to go on with, or the result where the person stops here.

    Raises:
        Back: the person goes back to the question before.
    """
    while True:
        machine = looking.cards()
        show_found(machine)
        found = _tried(machine, wishes)
        cpu = Choice("cpu", _("Use the CPU instead, which is slow"))
        if isinstance(found, Plan) and not (occupied.told_of(found) or _silent(machine)):
            return wishes
        if isinstance(found, Plan):
            for sentence in occupied.told_of(found):
                show.line(f"! {sentence}")
            on = Choice("on", _("Go on with what is free"))
            answer = _ask(looking, cpu if _silent(machine) else on, back=back)
        else:
            _say(found, machine)
            stop = Choice("stop", _("Stop here"))
            answer = _ask(looking, cpu, stop, back=back)
        if answer == "on":
            return wishes
        if answer == "cpu":
            return replace(wishes, gpus=(NO_GPU,))
        if answer == "stop":
            return Result("wizard", exit_code=Exit.CANNOT)
        looking.again()


def _silent(machine: Machine) -> bool:
    """Whether there is a driver, or something of one, that speaks for no card."""
    usable = any(g.vendor == "nvidia" and g.usable for g in machine.gpus)
    return bool(machine.verdicts) and not usable


def _tried(machine: Machine, wishes: Wishes) -> Plan | SetupError:
    """Return the plan as far as the cards decide it, or why there can be none."""
    from setup_assistant.steps.prepare import make

    try:
        return make(machine, wishes)
    except SetupError as error:
        if error.exit != Exit.CANNOT:
            raise
        return error


def _ask(looking: Looking, *choices: Choice, back: bool) -> str:
    again = Choice("again", _("Look again, once that is fixed"))
    offered = [*([] if looking.elsewhere else [again]), *choices]
    why = ask.told(
        _("Look again: fix it in another terminal, then press Enter here."),
        _("Nothing was changed yet."),
    )
    return ask.select(_("How do you want to go on?"), offered, default=offered[0].value,
                      flag="--gpu", extras=Extras(why=why, back=back))  # fmt: skip


def _say(error: SetupError, machine: Machine) -> None:
    """Say why nothing runs here, and the commands that mend it where it is the driver."""
    show.line(f"{show.mark(False)} {error.message}")
    show.line(f"  > {error.hint}")
    if not error.code.startswith("driver_"):
        return
    from setup_assistant.catalog.causes import Remedy
    from setup_assistant.doctor.situation import commands, of_machine

    wanted = (Remedy(need="driver"), Remedy(need="reboot"))
    for line in commands(wanted, of_machine(machine)):
        show.command(f"      {line}")
