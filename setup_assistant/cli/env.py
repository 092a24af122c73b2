"""`env`: list and remove the environments that this tool or conda knows."""

from __future__ import annotations

from typing import Any

import click

from setup_assistant import values
from setup_assistant.cli import show
from setup_assistant.cli.common import verb
from setup_assistant.errors import Exit
from setup_assistant.result import Result
from setup_assistant.site import environments
from setup_assistant.site.environments import Environment
from setup_assistant.words import _


@click.group(
    "env",
    help=_("List or remove environments."),
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
    data = {"environments": [values.to_builtins(e) for e in found]}
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
    found = environments.pick(name)
    environments.refuse(found)
    if not yes and not _agreed(found):
        return Result("env remove", data=_removed(found, False), exit_code=Exit.DONE, text=_kept)
    environments.remove(found)
    return Result("env remove", data=_removed(found, True), text=lambda: _draw_removed(found))


command.add_command(list_)
command.add_command(remove)


def _agreed(found: Environment) -> bool:
    from setup_assistant.cli import ask

    question = _("Remove the environment in {prefix}?", prefix=found.prefix)
    return ask.confirm(question, default=False, flag="--yes")


def _removed(found: Environment, done: bool) -> dict[str, Any]:
    return {"environment": values.to_builtins(found), "removed": done}


def _kept() -> None:
    show.line(_("Nothing was removed."))


def _draw_removed(found: Environment) -> None:
    show.line(_("Removed: {prefix}", prefix=found.prefix))
    if found.site:
        show.line(
            _("Its site {site} stays; to make it again: {command}", site=found.site,
              command=f"setup-assistant up --site {found.site}")
        )  # fmt: skip
    elif found.origin == "conda":
        show.line(_("conda drops it from its own list at its next start; its caches stay."))


def _draw(found: tuple[Environment, ...], *, sizes: bool) -> None:
    if not found:
        show.line(_("No environment is known here."))
        return
    from setup_assistant.sizes import memory_text

    headings = ["", _("Name"), "Python", "torch", *([_("Size")] if sizes else []), _("Folder")]
    rows = [
        [
            "*" if e.active else "",
            e.name or "-",
            e.python or "-",
            f"{e.torch.version} {e.torch.build or ''}".strip() if e.torch else "-",
            *([memory_text(e.bytes)] if sizes else []),
            e.prefix,
        ]
        for e in found
    ]
    show.table(rows, headings)
    if any(e.active for e in found):
        show.line(_("* in use here"))
