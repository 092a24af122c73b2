"""`bundle`: the group of its verbs."""

from __future__ import annotations

import click

from setup_assistant.cli.bundle.apply import apply
from setup_assistant.cli.bundle.check import check
from setup_assistant.cli.bundle.create import create
from setup_assistant.cli.bundle.serve import serve
from setup_assistant.messages import _


@click.group("bundle", help=_("Carry everything to machines without internet."))
def command() -> None:
    """Group of the bundle's verbs."""


for _verb in (create, check, apply, serve):
    command.add_command(_verb)
