"""`env activate` and `env export`: an environment as text, for a shell or another machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from setup_assistant.cli import options
from setup_assistant.cli.common import verb
from setup_assistant.cli.env.unfinished import end_named
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.site.environments import Environment

_SHELLS = ("bash", "zsh", "fish", "csh", "tcsh", "powershell", "cmd")


@click.argument("name")
@click.option(
    "--shell",
    type=click.Choice(("auto", *_SHELLS)),
    default="auto",
    help=_("For which shell; auto: the one this runs in."),
)
@verb(
    "env activate",
    summary=_("Print the line that activates an environment in a shell, ready to paste."),
    examples=("setup-assistant env activate qwen2-vl --shell fish",),
)
def activate(name: str, shell: str) -> Result:
    """Print how one environment is activated."""
    from setup_assistant.site import activation, environments

    end_named(name)
    found = environments.pick(name)
    name = "csh" if shell == "tcsh" else shell
    wanted = next((s for s in activation.SHELLS if s == name), activation.current_shell())
    restore = bool(os.environ.get("PYTHONPATH"))
    program = _program(found)
    texts = {
        s: activation.activation(Path(found.prefix), found.made_by, s, program, restore=restore)
        for s in activation.SHELLS
    }
    data = {
        "prefix": found.prefix,
        "shell": wanted,
        "activate": texts[wanted],
        "deactivate": activation.deactivation(
            Path(found.prefix), found.made_by, wanted, program, restore=restore
        ),
        "all": texts,
    }
    return Result("env activate", data, text=lambda: show.verbatim(texts[wanted]))


@click.argument("name")
@click.option(
    "--to",
    "-o",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help=_("Folder of the two files; default: here."),
)
@options.FORCE
@verb(
    "env export",
    summary=_(
        "Write what is really installed in an environment: environment.yml for conda, and "
        "requirements.lock with hashes."
    ),
    examples=("setup-assistant env export qwen2-vl --to backup",),
)
def export(name: str, to: Path, force: bool) -> Result:
    """Export one environment."""
    from setup_assistant.host import clock, files
    from setup_assistant.site import environments
    from setup_assistant.site import export as exporting
    from setup_assistant.site.conda_explicit import render_explicit
    from setup_assistant.site.environment_yml import conda_name
    from setup_assistant.steps.relock import hashes_for

    end_named(name)
    found = environments.pick(name)
    folder, to = Path(found.prefix), to.expanduser().absolute()
    targets = (to / "environment.yml", to / "requirements.lock")
    options, known = _site_files(found)
    when = clock.now()
    lock, missing = exporting.render_lock(folder, when, options, known)
    if missing:
        told = [pin for pin in missing if " @ " not in pin]
        known += "\n" + hashes_for(folder, told, options)
        lock, missing = exporting.render_lock(folder, when, options, known)
    variables = {"PYTHONNOUSERSITE": "1", "PYTHONPATH": ""}
    text = exporting.render_environment(folder, found.name or folder.name, when, options, variables)
    texts = dict(zip(targets, (text, lock), strict=True))
    if explicit := render_explicit(folder, conda_name(found.name or folder.name)):
        texts[to / "conda-explicit.txt"] = explicit
    # What a run that was killed has written already is no reason to stop.
    there = [t for t in texts if t.exists() and not exporting.same(t, texts[t])]
    if there and not force:
        raise SetupError("file_exists", path=str(there[0]), flag="--force")
    for target, content in texts.items():
        files.write_text(target, content)
        exporting.sweep(target, content.encode())
    data = {
        "environment": found.prefix,
        "files": [str(t) for t in texts],
        "packages": len(exporting.installed(folder)),
        "without_hash": missing,
    }
    return Result("env export", data, text=lambda: _draw_export(tuple(texts), missing))


def _site_files(found: Environment) -> tuple[tuple[str, ...], str]:
    """Return the index options and the lock of the environment's site, if it has one."""
    if not found.site:
        return (), ""
    site = Path(found.site)
    options: list[str] = []
    known = ""
    for name in ("requirements.txt", "requirements.lock"):
        try:
            text = files.plain(site / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        options += [x for x in text.splitlines() if x.startswith("--") and x not in options]
        known = text
    return tuple(options), known


def _program(found: Environment) -> Path | None:
    """Return conda or its kin, where one is here and this is one of its environments."""
    if found.made_by != "conda":
        return None
    from setup_assistant.machine.tools import conda_program

    return conda_program()


def _draw_export(targets: tuple[Path, ...], missing: list[str]) -> None:
    for target in targets:
        show.line(str(target))
    if missing:
        show.line(
            _("No index tells the hashes of these, so the lock leaves them out: {names}",
              names=", ".join(missing))
        )  # fmt: skip
