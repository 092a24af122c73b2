"""The model of a receipt in words: what it runs on, and that the canary is no real one."""

from __future__ import annotations

import shlex
from pathlib import PurePath

from setup_assistant.choose.candidates import CANARY
from setup_assistant.messages import Message, msg
from setup_assistant.report.labels import model_name
from setup_assistant.report.receipt import Receipt

_ENV = "env"


def is_test(receipt: Receipt) -> bool:
    """Whether only the canary is there, and no real model."""
    return receipt.plan.model.id == CANARY


def name(receipt: Receipt) -> Message:
    """Return what a person calls the model."""
    return model_name(receipt.plan.model.id)


def measured_with(receipt: Receipt) -> Message:
    """Return the label of the memory that was measured."""
    if is_test(receipt):
        return msg("Measured with the test model")
    return msg("Measured with the model")


def command_for_real(receipt: Receipt) -> str:
    """Return the command that puts a real model beside the environment."""
    prefix = PurePath(receipt.environment.prefix)
    site = f" --site {shlex.quote(str(prefix.parent))}" if prefix.name == _ENV else ""
    return f"setup-assistant up{site} --model auto"


def runs_on(receipt: Receipt) -> str:
    """Return the device, with its cards by name where they are known."""
    model = receipt.plan.model
    names = {g.uuid: g.name for g in receipt.machine.gpus if g.uuid}
    names |= {str(i): g.name for i, g in enumerate(receipt.machine.gpus)}
    cards = [names.get(g, g) for g in model.gpus]
    return f"{model.device.upper()} · {', '.join(cards)}" if cards else model.device.upper()
