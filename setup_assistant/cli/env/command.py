"""`env`: the environments that this tool or conda knows. Here: listed and removed."""

from __future__ import annotations

import os
import shlex

import click

from setup_assistant import frozen_json
from setup_assistant.cli.common import verb
from setup_assistant.cli.env import adopting, export, lifecycle
from setup_assistant.cli.env.removing import Going, carry_out, gone, removal_of
from setup_assistant.cli.env.unfinished import end_named
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import SetupError
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
@click.option("--dry-run", is_flag=True, help=_("Only show what would be removed."))
@verb(
    "env remove",
    summary=_("Remove an environment, given by its name or folder. Never the active one."),
    examples=(
        "setup-assistant env remove qwen2-vl --dry-run",
        "setup-assistant env remove qwen2-vl --yes",
    ),
)
def remove(name: str, yes: bool, dry_run: bool) -> Result:
    """Remove one environment after a confirmation."""
    if not dry_run:
        end_named(name)
    try:
        found = environments.pick(name)
    except SetupError as error:
        where = gone(name, dry_run=dry_run) if error.code == "env_unknown" else None
        if where is None:
            raise
        data = {"environment": None, "prefix": str(where), "removed": False}
        said = _("{prefix} is already removed.", prefix=str(where))
        return Result("env remove", data=data, text=lambda: show.line(said))
    environments.refuse(found)
    going = removal_of(found)
    _refuse_link(going)
    for path in going.paths:
        show.note(_("To be removed: {path}", path=str(path)))
    if not going.ours:
        show.note(_("{prefix} was made by somebody else, not by Setup Assistant.",
                    prefix=found.prefix))  # fmt: skip
    data = {"environment": frozen_json.to_builtins(found), "removed": False, **going.to_json()}
    if dry_run:
        return Result("env remove", data=data | {"dry_run": True})
    if not yes and not _agreed(found):
        return Result("env remove", data=data, text=lambda: show.line(_("Nothing was removed.")))
    carry_out(found, going)
    data |= {"removed": True}
    return Result("env remove", data=data, text=lambda: _draw_removed(found))


for _verb in (
    list_,
    adopting.adopt,
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
    why = ask.told(
        _("The whole folder is deleted. What was made elsewhere, such as weights, stays.")
    )
    return ask.confirm(question, default=False, flag="--yes", why=why)


def _refuse_link(going: Going) -> None:
    path = going.paths[0]
    if path.is_symlink():
        target = os.path.realpath(path)
        detail = _("it is a link, which somebody else made, to {target}", target=target)
        raise SetupError("removal_refused", path=str(path), detail=detail)


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
