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
    from setup_assistant.maintain.online import Found

# Seconds of silence after which an index is given up, and the most bytes of one page.
_SILENCE_SECONDS, _LARGEST_PAGE = 60.0, 64 << 20


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
@click.option(
    "--online",
    is_flag=True,
    help=_("Compare the pinned packages with a package index, too."),
)
@click.option(
    "--index",
    metavar="URL",
    help=_("The package index for --online; by default the person's own, or PyPI."),
)
@verb(
    "recipes check",
    summary=_("Check every row: shape, source, date, order. Errors name file and key."),
    examples=("setup-assistant recipes check", "setup-assistant recipes check --online"),
)
def check_(folder: Path | None, online: bool, index: str | None) -> Result:
    """Check all recipes."""
    from setup_assistant import frozen_json
    from setup_assistant.catalog.folder import recipes
    from setup_assistant.maintain.check import check, problems

    home = recipes(folder)
    checked = check(folder)
    errors = tuple(Problem.of(error) for error in problems(checked.faults, home))
    found = _compared(folder, index) if online and not errors else []
    silent = bool(found) and all(f.kind == "unread" for f in found)
    bad = silent or any(f.kind not in ("newer", "unread") for f in found)
    return Result(
        "recipes check",
        data={
            "folder": str(home),
            "files": list(checked.files),
            "rows": checked.rows,
            "faults": [frozen_json.to_builtins(fault) for fault in checked.faults],
            "online": [frozen_json.to_builtins(one) for one in found],
        },
        exit_code=Exit.FAILED if errors or bad else Exit.DONE,
        errors=errors,
        text=partial(_show, checked, found, online),
    )


def _compared(folder: Path | None, index: str | None) -> list[Found]:
    from setup_assistant.catalog import resolved
    from setup_assistant.catalog.recipes import load_all
    from setup_assistant.host.http import Http
    from setup_assistant.machine import own_sources
    from setup_assistant.maintain import online

    own = next((p.url for p in own_sources.own() if p.leg == "packages"), "https://pypi.org/simple")
    address = (index or own).rstrip("/")
    door = Http(silence=_SILENCE_SECONDS)

    def read(url: str) -> str:
        return door.read(url, _LARGEST_PAGE)[0].decode("utf-8", "replace")

    try:
        return list(online.compare(load_all(folder), resolved.load(folder), address, read))
    finally:
        door.close()


def _show(checked: Checked, found: list[Found], online: bool) -> None:
    show.line(
        _(
            "{rows} rows in {files} recipes, {faults} faults.",
            rows=checked.rows,
            files=len(checked.files),
            faults=len(checked.faults),
        )
    )
    for one in found:
        show.line(f"  {_sentence(one)}")
    if online and not found:
        show.line(_("The index has every pinned package, and nothing newer."))


def _sentence(one: Found) -> str:
    name = {"package": one.package, "version": one.version}
    if one.kind == "newer":
        return _("{package} {newest} is out; {version} is pinned.", newest=one.newest, **name)
    if one.kind == "yanked":
        return _("{package} {version} has been yanked from the index.", **name)
    if one.kind == "missing":
        return _("{package} {version} is not on the index.", **name)
    if one.kind == "no_wheel":
        return _("{package} {version} has no wheel for {platform}.", platform=one.detail, **name)
    return _("{package} could not be looked up: {reason}", package=one.package, reason=one.detail)


command.add_command(check_)
command.add_command(prove.command)
