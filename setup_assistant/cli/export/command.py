"""`export`: the group of its verbs, one per form."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli import options
from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Result
from setup_assistant.cli.terminal import show
from setup_assistant.errors import SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.site.exports.source import Source


@click.group("export", help=_("Write the plan and its lock in the form that your room runs."))
def command() -> None:
    """Group of the exports' verbs."""


def _places(function: Any) -> Any:  # noqa: ANN401 - a click decorator
    """Add the options that every export has."""
    path = click.Path(path_type=Path)
    for option in (
        options.FORCE,
        click.option("--lock", type=path, metavar="FILE",
                     help=_("The lock to export; default: the site's.")),
        click.option("--to", "-o", type=path, metavar="DIR", required=True,
                     help=_("Folder of what is written.")),
        options.SITE,
    ):  # fmt: skip
        function = option(function)
    return function


_BASE = click.option(
    "--base", metavar="IMAGE",
    help=_("Image to build on, with a tag or digest; default: python:X.Y-slim-bookworm."),
)  # fmt: skip
_URL = click.option(
    "--url", required=True, metavar="URL", help=_("Where new machines will find context.tar.gz.")
)


def _add(form: str, *options: Any, summary: str, example: str) -> None:  # noqa: ANN401
    """Add the verb of a form."""

    def export(**places: Any) -> Result:  # noqa: ANN401
        source, folder = _source(places)
        return _write(form, *_written(form, source, folder, places), places)

    shown = (f"setup-assistant export {form} --site qwen2-vl {example}",)
    function: Any = verb(f"export {form}", summary=summary, examples=shown)(export)
    for option in options:
        function = option(function)
    command.add_command(_places(function))


_add(
    "dockerfile",
    _BASE,
    summary=_(
        "Write a Dockerfile and its context.\n\n"
        "Packages are installed by their hashes, the test model is asked at build, it runs without "
        "root, and the weights are mounted."
    ),
    example="-o image",
)
_add(
    "apptainer",
    _BASE,
    summary=_("Write an Apptainer (Singularity) definition file and what it copies."),
    example="-o image",
)
_add(
    "cloud-init",
    _URL,
    summary=_(
        "Write user data for cloud-init, and the archive that new machines fetch by its sum."
    ),
    example="--url http://192.168.1.5:8000 -o seed",
)
_add(
    "sbatch",
    summary=_("Write a Slurm job and an Lmod module, into a folder that all nodes share."),
    example="-o job",
)
_add(
    "devcontainer",
    _BASE,
    summary=_("Write a development container for VS Code and its kin, into DIR/.devcontainer."),
    example="-o project",
)


def _written(
    form: str, source: Source, folder: Path, given: dict[str, Any]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Return the files of a form, and the commands that use them."""
    from setup_assistant.site.exports import cloud, images, slurm

    if form == "cloud-init":
        return cloud.cloud_init(source, given["url"]), cloud.cloud_commands(folder)
    if form == "sbatch":
        return slurm.sbatch(source, folder), slurm.sbatch_commands(folder)
    base = images.base_of(source, given["base"])
    if form == "dockerfile":
        return images.dockerfile(source, base), images.docker_commands(source, folder)
    if form == "apptainer":
        return images.apptainer(source, base), images.apptainer_commands(source, folder)
    return images.devcontainer(source, base), ()


def _source(places: dict[str, Any]) -> tuple[Source, Path]:
    """Return what is exported, and the folder it goes to."""
    from setup_assistant.host import paths
    from setup_assistant.site.exports.source import read_source

    folder = places["to"].expanduser().absolute()
    source = read_source(places["site"] or paths.default_site(), places["lock"])
    for path in (folder, source.weights):
        if not str(path).isprintable():
            detail = _("{path} has characters that these files cannot hold", path=str(path))
            raise SetupError("usage", detail=detail, verb="export")
    return source, folder


def _write(
    form: str, written: dict[str, bytes], then: tuple[str, ...], places: dict[str, Any]
) -> Result:
    """Write the files of an export; those that are as they should be are left alone."""
    from setup_assistant.cli.common import written_to
    from setup_assistant.host import files
    from setup_assistant.site.export import sweep

    folder = places["to"].expanduser().absolute()
    targets = {folder / name: data for name, data in written.items()}
    there = [t for t, data in targets.items() if t.exists() and _differs(t, data)]
    if there and not places["force"]:
        raise SetupError("file_exists", path=str(there[0]), flag="--force")
    with written_to("--to"):
        for target, data in targets.items():
            files.write_bytes(target, data)
            sweep(target, data)
    told = {"folder": str(folder), "files": sorted(written), "commands": list(then)}
    first = folder / next(iter(written))
    return Result(f"export {form}", told, text=lambda: _draw(first, then))


def _differs(path: Path, data: bytes) -> bool:
    try:
        return path.read_bytes() != data
    except OSError:
        return True


def _draw(first: Path, then: tuple[str, ...]) -> None:
    show.line(str(first))
    for line in then:
        show.verbatim(f"  {line}")
