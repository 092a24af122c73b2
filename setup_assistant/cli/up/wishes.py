"""The flags that say what a person wants; each has the name of a field of `Wishes`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import click

from setup_assistant.messages import _

F = TypeVar("F", bound=Callable[..., object])


def wish_options(function: F) -> F:
    """Add every wish as a flag. A flag that was not given arrives as None."""
    for option in reversed(_options()):
        function = option(function)
    return function


def _several(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...] | None:
    """Return what was given, also several in one value, or None for nothing."""
    parts = [part.strip() for value in given for part in value.split(",")]
    return tuple(part for part in parts if part) or None


def _joined(
    _context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]
) -> str | None:
    """Return what was given as one wish, or None for nothing."""
    return " ".join(given) or None


def _dotted(context: click.Context, parameter: click.Parameter, given: str | None) -> str | None:
    """Return a Python version as it was given: of all wheels only the minor counts."""
    if given is not None and not re.fullmatch(r"[23]\.\d+(?:\.\w+)?", given.strip(), re.ASCII):
        raise click.BadParameter(_("write it as 3.12"), context, parameter)
    return given.strip() if given else None


def _options() -> list[Callable[[F], F]]:
    return [
        click.option("--model", metavar="auto|canary|ID", help=_("The model; auto chooses.")),
        click.option(
            "--family",
            type=click.Choice(["qwen2-vl", "qwen2.5-vl", "qwen3-vl"]),
            help=_("The family that auto takes a model of."),
        ),
        click.option(
            "--purpose",
            type=click.Choice(["try", "images", "documents", "video"]),
            help=_(
                "What it must have room for: one picture, several, pages of text, or videos too."
            ),
        ),
        click.option(
            "--max-pixels",
            type=click.IntRange(min=100_352),
            help=_("Cap of a picture or frame, below the plan's own."),
        ),
        click.option(
            "--max-frames",
            type=click.IntRange(min=4),
            help=_("Most frames of a video, below the plan's own."),
        ),
        click.option(
            "--backend",
            type=click.Choice(["auto", "uv", "conda", "mamba", "micromamba", "rattler", "pip"]),
            help=_("What makes the environment."),
        ),
        click.option("--site", metavar="DIR", help=_("Folder of the deployment.")),
        click.option("--env", metavar="DIR", help=_("Folder of the environment.")),
        click.option(
            "--adopt",
            is_flag=True,
            default=None,
            help=_("Packages may change in an environment that somebody else made (--env)."),
        ),
        click.option("--weights", metavar="DIR", help=_("Folder of the weights.")),
        click.option(
            "--python", metavar="X.Y", callback=_dotted, help=_("Python of the environment.")
        ),
        click.option(
            "--mirror",
            multiple=True,
            callback=_joined,
            metavar="auto|cn|official|NAME|URL|LEG=URL",
            help=_(
                "Where everything comes from, in one choice, and single legs (repeatable): "
                "packages=, torch=, conda=, weights=."
            ),
        ),
        click.option(
            "--keep-mirror",
            is_flag=True,
            default=None,
            help=_(
                "Write the chosen sources into the environment's own pip.conf, uv.toml and "
                ".condarc, for what is installed by hand later."
            ),
        ),
        click.option(
            "--source",
            "weights_source",
            metavar="modelscope|huggingface|URL|DIR",
            help=_("Where weights come from."),
        ),
        click.option(
            "--gpus",
            "--gpu-uuid",
            "gpus",
            multiple=True,
            callback=_several,
            metavar="UUID|INDEX|none",
            help=_("GPUs to use (repeatable); none plans for the CPU."),
        ),
        click.option(
            "--strict-cuda",
            is_flag=True,
            default=None,
            help=_("No CUDA build above the driver's own version."),
        ),
    ]
