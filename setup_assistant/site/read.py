"""Read a site back: the values that were written into its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from setup_assistant import frozen_json
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.machine.facts import Machine
from setup_assistant.site.answers import load_answers
from setup_assistant.site.layout import Layout


@dataclass(frozen=True)
class Site:
    """One deployment as its files describe it."""

    layout: Layout
    machine: Machine
    wishes: Wishes
    plan: Plan


def read_site(root: Path) -> Site:
    """Return the site in the folder `root`.

    Raises:
        SetupError: `file_missing`, `file_invalid` or `answers_invalid`, naming the file.
    """
    layout = read_layout(root)
    return Site(
        layout=layout,
        machine=read_machine(layout),
        wishes=load_answers(layout.answers),
        plan=read_plan(layout),
    )


def read_layout(root: Path) -> Layout:
    """Return where the files of a site lie; folders outside it come from its answers.

    A folder without readable answers gets the usual places.
    """
    root = root.expanduser().absolute()
    try:
        # A pipe by that name would never end.
        if not (root / "answers.toml").is_file():
            return Layout(root)
        wishes = load_answers(root / "answers.toml")
    except SetupError:
        return Layout(root)
    return Layout(root, env_override=wishes.env, weights_override=wishes.weights)


def read_plan(layout: Layout) -> Plan:
    """Return the plan of a site."""
    from setup_assistant.choose import plan_json

    return plan_json.from_json(files.read_json(layout.plan, "--site"), str(layout.plan))


def read_machine(layout: Layout) -> Machine:
    """Return the machine a site was planned for."""
    return frozen_json.load_json(layout.machine, Machine, "--site")
