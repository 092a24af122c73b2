"""`env`: the environments that this tool or conda knows. Here: listed and removed."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from setup_assistant import frozen_json
from setup_assistant.cli.common import verb
from setup_assistant.cli.env import export, lifecycle
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import Exit, SetupError
from setup_assistant.messages import _
from setup_assistant.site import environments
from setup_assistant.site.environments import Environment


@click.group(
    "env",
    help=_("List, adopt, upgrade, export or remove environments."),
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
def command() -> None:
    """Hold the verbs of environments."""


@click.option("--sizes", is_flag=True, help=_("Also measure what each occupies (slower)."))
@verb(
    "env list",
    summary=_("Show the environments of this tool's sites and of conda, and what is in them."),
    examples=("setup-assistant env list", "setup-assistant env list --sizes --json"),
)
def list_(sizes: bool) -> Result:
    """Show the known environments."""
    found = environments.known(sizes=sizes)
    data = {"environments": [frozen_json.to_builtins(e) for e in found]}
    return Result("env list", data=data, text=lambda: _draw(found, sizes=sizes))


@click.argument("name")
@click.option("--yes", "-y", is_flag=True, help=_("Remove without asking."))
@verb(
    "env remove",
    summary=_("Remove an environment, given by its name or folder. Never the active one."),
    examples=("setup-assistant env remove qwen2-vl --yes",),
)
def remove(name: str, yes: bool) -> Result:
    """Remove one environment after a confirmation."""
    try:
        found = environments.pick(name)
    except SetupError as error:
        gone = environments.is_gone(name)
        if error.code != "env_unknown" or gone is None:
            raise
        data = {"environment": None, "prefix": str(gone), "removed": False}
        return Result("env remove", data=data, text=lambda: _draw_gone(gone))
    environments.refuse(found)
    if not yes and not _agreed(found):
        return Result("env remove", data=_removed(found, False), exit_code=Exit.DONE, text=_kept)
    if found.site:
        _remove_ours(found, Path(found.site))
    else:
        environments.remove(found)
    return Result("env remove", data=_removed(found, True), text=lambda: _draw_removed(found))


for _verb in (
    list_,
    lifecycle.adopt,
    lifecycle.upgrade,
    lifecycle.rollback,
    export.activate,
    export.export,
    remove,
):
    command.add_command(_verb)


def _agreed(found: Environment) -> bool:
    from setup_assistant.cli.terminal import ask

    question = _("Remove the environment in {prefix}?", prefix=found.prefix)
    return ask.confirm(question, default=False, flag="--yes")


def _remove_ours(found: Environment, site: Path) -> None:
    """Remove it with what a killed run left beside it, while no other run works in its site.

    The site's ledger is told: what is put there later is not this tool's.
    """
    from setup_assistant.host import files
    from setup_assistant.site.read import read_layout
    from setup_assistant.steps import swap
    from setup_assistant.steps.ledger import Ledger

    layout = read_layout(site)
    with files.exclusive(layout.lock):
        environments.remove(found)
        ledger = Ledger(layout.ledger)
        owned = {data.get("path") for data in ledger.owned()}
        for path in (swap.part(layout.env), swap.old(layout.env)):
            if str(path) in owned:
                files.remove(path)
        if ledger.path.exists():
            for folder in filter(None, (found.prefix, found.previous)):
                ledger.removed("environment", Path(folder))


def _draw_gone(folder: Path) -> None:
    show.line(_("{prefix} is already removed.", prefix=str(folder)))


def _removed(found: Environment, done: bool) -> dict[str, Any]:
    return {"environment": frozen_json.to_builtins(found), "removed": done}


def _kept() -> None:
    show.line(_("Nothing was removed."))


def _draw_removed(found: Environment) -> None:
    show.line(_("Removed: {prefix}", prefix=found.prefix))
    if found.site:
        show.line(
            _("Its site {site} stays; to make it again: {command}", site=found.site,
              command=f"setup-assistant up --site {shlex.quote(found.site)}")
        )  # fmt: skip
    show.line(_("The caches of packages stay; other environments may share them."))


def _draw(found: tuple[Environment, ...], *, sizes: bool) -> None:
    if not found:
        show.line(_("No environment is known here."))
        return
    from setup_assistant.units_text import memory_text

    size = [_("Size")] if sizes else []
    headings = ["", _("Name"), _("Made by"), "Python", "torch", *size, _("Folder")]
    rows = [
        [
            "*" if e.active or e.users else "",
            e.name or "-",
            e.backend or e.made_by,
            e.python or "-",
            f"{e.torch.version} {e.torch.build or ''}".strip() if e.torch else "-",
            *([memory_text(e.bytes)] if sizes else []),
            e.prefix,
        ]
        for e in found
    ]
    show.table(rows, headings)
    if any(e.active or e.users for e in found):
        show.line(_("* in use here"))
    show.line(_("To use one: {command}", command="setup-assistant env activate NAME"))
