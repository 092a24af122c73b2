"""`recipes`: check the data that every plan is made from, and prove its stacks."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.recipes import prove
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import Exit
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.maintain.check import Checked


@click.group(
    "recipes",
    help=_("Check the recipes that plans are made from, and prove their stacks."),
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
def command() -> None:
    """Hold the verbs of recipes."""


@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help=_("Check the recipes there instead of those this tool came with."),
)
@verb(
    "recipes check",
    summary=_("Check every row: shape, source, date, order. Errors name file and key."),
    examples=("setup-assistant recipes check",),
)
def check_(folder: Path | None) -> Result:
    """Check all recipes."""
    from setup_assistant import frozen_json
    from setup_assistant.catalog.folder import recipes
    from setup_assistant.maintain.check import check, problems

    home = recipes(folder)
    checked = check(folder)
    errors = tuple(Problem.of(error) for error in problems(checked.faults, home))
    return Result(
        "recipes check",
        data={
            "folder": str(home),
            "files": list(checked.files),
            "rows": checked.rows,
            "faults": [frozen_json.to_builtins(fault) for fault in checked.faults],
        },
        exit_code=Exit.FAILED if errors else Exit.DONE,
        errors=errors,
        text=partial(_show, checked),
    )


def _show(checked: Checked) -> None:
    show.line(
        _(
            "{rows} rows in {files} recipes, {faults} faults.",
            rows=checked.rows,
            files=len(checked.files),
            faults=len(checked.faults),
        )
    )


command.add_command(check_)
command.add_command(prove.command)
