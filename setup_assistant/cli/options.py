"""Options that several verbs have, each with its one wording."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from setup_assistant.messages import _

Option = Callable[[Callable[..., Any]], Callable[..., Any]]

SITE = click.option("--site", type=click.Path(path_type=Path), help=_("Folder of the deployment."))
ENV = click.option("--env", type=click.Path(path_type=Path), help=_("Folder of the environment."))
YES = click.option("--yes", "-y", is_flag=True, help=_("Take the defaults and do not ask."))
PLAN_ONLY = click.option("--dry-run", is_flag=True, help=_("Show the plan and change nothing."))
CHANGES_ONLY = click.option(
    "--dry-run", is_flag=True, help=_("Show what would change and change nothing.")
)
FORCE = click.option("--force", is_flag=True, help=_("Replace files that are already there."))
MANIFEST = click.option(
    "--manifest", "expected", default="", metavar="SHA256", help=_("The manifest's sum, if known.")
)
DEVICE = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    help=_("Where to run; by default as planned."),
)
DTYPE = click.option(
    "--dtype",
    type=click.Choice(["float32", "float16", "bfloat16"]),
    help=_("Precision; by default as planned."),
)


class Sides(click.ParamType):  # type: ignore[type-arg]
    """WxH in pixels, or WxHxSECONDS, as numbers."""

    name = "sides"

    def __init__(self, example: str) -> None:
        self.example = example

    def convert(
        self,
        value: str,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[int | float, ...]:
        """Return the numbers."""
        try:
            parts = enumerate(value.lower().split("x"))
            found = tuple(float(p) if i == 2 else int(p) for i, p in parts)
        except ValueError:
            found = ()
        if len(found) != 1 + self.example.count("x") or any(not 0 < n < 1e6 for n in found):
            flag = param.opts[0] if param else ""
            detail = _(
                "{flag} {text!r} is not of the form {example}",
                flag=flag,
                text=value,
                example=self.example,
            )
            raise click.UsageError(detail, ctx)
        return found


IMAGES = click.option(
    "--image", "images", multiple=True, metavar="WxH", type=Sides("1280x720"),
    help=_("A picture's size (repeatable)."),
)  # fmt: skip
VIDEOS = click.option(
    "--video", "videos", multiple=True, metavar="WxHxSECONDS", type=Sides("1280x720x10"),
    help=_("A video (repeatable)."),
)  # fmt: skip


def deadline(seconds: float | None = None) -> Option:
    """Add `--deadline`, for everything together; None for no limit but each check's own."""
    return click.option(
        "--deadline",
        type=click.FloatRange(min=0, min_open=True),
        default=seconds,
        metavar="SECONDS",
        help=_("Give up after this time."),
    )


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?)B?", re.ASCII)
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def size_option(context: click.Context, parameter: click.Parameter, given: str | None) -> int:
    """Return a size such as 3900M in bytes (powers of ten, as sticks are sold); 0 for none."""
    if given is None:
        return 0
    found = _SIZE.fullmatch(given.strip())
    if not found or not float(found[1]):
        raise click.BadParameter(_("write it as 3900M or 4G"), context, parameter)
    return int(float(found[1]) * _UNITS[found[2]])


# Of every verb that downloads: which further hosts may see the token of the person.
def _allow(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> None:
    """Let the hosts see the token in this run, and in what it starts."""
    if not given:
        return
    from setup_assistant.host import tokens
    from setup_assistant.host.http_errors import WebError

    before = os.environ.get(tokens.VARIABLE)
    try:
        tokens.allow(given)
    except (ValueError, WebError) as error:
        text = _("{given} is no address.", given=" ".join(given))
        raise click.BadParameter(text, context, parameter) from error
    context.call_on_close(lambda: _restore(tokens.VARIABLE, before))


def _restore(variable: str, before: str | None) -> None:
    if before is None:
        os.environ.pop(variable, None)
    else:
        os.environ[variable] = before


token_option = click.option(
    "--token-to",
    metavar="HOST",
    multiple=True,
    expose_value=False,
    callback=_allow,
    help=_(
        "Another host that may see your token, e.g. lab.example; over http only when written "
        "out, e.g. http://10.0.0.5:8000."
    ),
)
