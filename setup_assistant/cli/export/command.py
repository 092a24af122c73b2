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


def _base(function: Any) -> Any:  # noqa: ANN401 - a click decorator
    option = click.option(
        "--base", metavar="IMAGE",
        help=_("Image to build on, with a tag or digest; default: python:X.Y-slim-bookworm."),
    )  # fmt: skip
    return option(function)


@_places
@_base
@verb(
    "export dockerfile",
    summary=_(
        "Write a Dockerfile and its context.\n\n"
        "Packages are installed by their hashes, the test model is asked at build, it runs without "
        "root, and the weights are mounted."
    ),
    examples=("setup-assistant export dockerfile --site qwen2-vl -o image",),
)
def dockerfile(base: str | None, **places: Any) -> Result:  # noqa: ANN401
    """Export a Dockerfile."""
    from setup_assistant.site.exports import images

    source, folder = _source(places)
    written = images.dockerfile(source, images.base_of(source, base))
    return _write("dockerfile", written, places, images.docker_commands(source, folder))


@_places
@_base
@verb(
    "export apptainer",
    summary=_("Write an Apptainer (Singularity) definition file and what it copies."),
    examples=("setup-assistant export apptainer --site qwen2-vl -o image",),
)
def apptainer(base: str | None, **places: Any) -> Result:  # noqa: ANN401
    """Export a definition file."""
    from setup_assistant.site.exports import images

    source, folder = _source(places)
    written = images.apptainer(source, images.base_of(source, base))
    return _write("apptainer", written, places, images.apptainer_commands(source, folder))


@_places
@_base
@verb(
    "export devcontainer",
    summary=_("Write a development container for VS Code and its kin, into DIR/.devcontainer."),
    examples=("setup-assistant export devcontainer --site qwen2-vl -o project",),
)
def devcontainer(base: str | None, **places: Any) -> Result:  # noqa: ANN401
    """Export a development container."""
    from setup_assistant.site.exports import images

    source, _folder = _source(places)
    return _write("devcontainer", images.devcontainer(source, images.base_of(source, base)), places)


@_places
@click.option(
    "--url", required=True, metavar="URL", help=_("Where new machines will find context.tar.gz.")
)
@verb(
    "export cloud-init",
    summary=_(
        "Write user data for cloud-init, and the archive that new machines fetch by its sum."
    ),
    examples=(
        "setup-assistant export cloud-init --site qwen2-vl --url http://192.168.1.5:8000 -o seed",
    ),
)
def cloud_init(url: str, **places: Any) -> Result:  # noqa: ANN401
    """Export user data."""
    from setup_assistant.site.exports import cloud

    source, folder = _source(places)
    return _write("cloud-init", cloud.cloud_init(source, url), places, cloud.cloud_commands(folder))


@_places
@verb(
    "export sbatch",
    summary=_("Write a Slurm job and an Lmod module, into a folder that all nodes share."),
    examples=("setup-assistant export sbatch --site qwen2-vl -o job",),
)
def sbatch(**places: Any) -> Result:  # noqa: ANN401
    """Export a job."""
    from setup_assistant.site.exports import slurm

    source, folder = _source(places)
    written = slurm.sbatch(source, folder)
    return _write("sbatch", written, places, slurm.sbatch_commands(folder))


for _verb in (dockerfile, apptainer, cloud_init, sbatch, devcontainer):
    command.add_command(_verb)


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
    form: str, written: dict[str, bytes], places: dict[str, Any], then: tuple[str, ...] = ()
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
