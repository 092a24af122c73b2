"""The option of every verb that downloads: which further hosts may see the person's token."""

from __future__ import annotations

import os

import click

from setup_assistant.messages import _


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
