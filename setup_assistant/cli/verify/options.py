"""The options of the verbs that run something inside an environment: `verify` and `rehearse`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from setup_assistant.messages import _

Option = Callable[[Callable[..., Any]], Callable[..., Any]]


def env() -> Option:
    """Add `--env`."""
    return click.option(
        "--env", type=click.Path(path_type=Path), help=_("Folder of the environment.")
    )


def site() -> Option:
    """Add `--site`."""
    return click.option(
        "--site", type=click.Path(path_type=Path), help=_("Folder of the deployment.")
    )


def device() -> Option:
    """Add `--device`."""
    return click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda"]),
        default="auto",
        help=_("Where to run; by default as planned."),
    )


def dtype() -> Option:
    """Add `--dtype`."""
    return click.option(
        "--dtype",
        type=click.Choice(["float32", "float16", "bfloat16"]),
        help=_("Precision; by default as planned."),
    )


def deadline(seconds: float | None = None) -> Option:
    """Add `--deadline`, for everything together; None for no limit but each check's own."""
    return click.option(
        "--deadline",
        type=click.FloatRange(min=0, min_open=True),
        default=seconds,
        metavar="SECONDS",
        help=_("Give up after this time."),
    )
