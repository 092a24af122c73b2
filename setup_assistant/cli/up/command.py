"""`up`: the whole road, from this machine to a proved answer."""

from __future__ import annotations

from pathlib import Path

import click

from setup_assistant.cli import options
from setup_assistant.cli.common import verb
from setup_assistant.cli.options import token_option
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal.progress import busy
from setup_assistant.cli.up.carry_out import carry_out
from setup_assistant.cli.up.waiting import say_waiting
from setup_assistant.cli.up.wishes import wish_options
from setup_assistant.errors import SetupError
from setup_assistant.messages import _
from setup_assistant.steps.prepare import Prepared


@verb(
    "up",
    summary=_(
        "Do everything: probe, plan, environment, canary, weights, proof, report.\n\n"
        "Safe to run again: it goes on where it was, and changes nothing that is already so."
    ),
    examples=(
        "setup-assistant up --yes --model canary --site qwen2-vl",
        "setup-assistant up --dry-run",
        "setup-assistant up --answers answers.toml --yes",
    ),
)
@wish_options
@token_option
@click.option(
    "--answers",
    type=click.Path(path_type=Path),
    help=_("Replay the answers in this file; flags win over it."),
)
@click.option(
    "--lock",
    metavar="FILE",
    help=_("Install exactly what another site's requirements.lock names, hashes compared."),
)
@click.option(
    "--offline",
    is_flag=True,
    default=None,
    help=_("Take packages from the cache and local folders only."),
)
@click.option(
    "--wheelhouse",
    metavar="DIR",
    help=_("Take packages from the wheels in this folder, and ask no index."),
)
@click.option(
    "--rehearse",
    is_flag=False,
    flag_value="yes",
    type=click.Choice(["yes", "no"]),
    help=_(
        "Show with dummy weights that the model fits, before its weights are downloaded; by "
        "default on a GPU where they are over 4 GB (about a minute)."
    ),
)
@click.option(
    "--keep/--no-keep",
    default=None,
    help=_("Leave packages that were changed by hand as they are, or put them back (default)."),
)
@options.YES
@options.PLAN_ONLY
@click.option("--replan", is_flag=True, help=_("Plan again, even where the site has a plan."))
def command(
    answers: Path | None, yes: bool, dry_run: bool, replan: bool, **flags: object
) -> Result:
    """Travel the whole road."""
    from setup_assistant.cli.terminal import ask
    from setup_assistant.steps.gather_wishes import gather_wishes
    from setup_assistant.steps.prepare import prepare

    if answers is not None and not answers.exists():
        raise SetupError("file_missing", path=str(answers), flag="--answers")
    wishes = gather_wishes(flags, answers)
    if not (yes or dry_run):
        ask.need_terminal("--yes")
    if not (yes or dry_run) and not flags.get("model") and answers is None:
        from setup_assistant.cli.wizard.command import complete

        return complete(wishes, given=flags)
    with busy(_("Looking at this machine"), expected_seconds=8):
        prepared = prepare(wishes, replan=replan, dry_run=dry_run, waiting=say_waiting)
    return carry_out(prepared, dry_run=dry_run, agree=None if yes else _agree)


def _agree(prepared: Prepared) -> bool:
    from setup_assistant.cli.up.confirm_plan import agree

    return agree(prepared, back=False)
