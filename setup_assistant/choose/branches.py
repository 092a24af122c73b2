"""Driver branches end: a newer driver no longer drives an older card."""

from __future__ import annotations

from collections.abc import Sequence

from setup_assistant.catalog.torch import TorchTable
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.target_platform import Host
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import msg
from setup_assistant.versions import numbers

# Windows drivers of one branch carry higher numbers, up to the next branch.
_SPAN = 10


def last_branch(table: TorchTable, part: str) -> int | None:
    """Return the last driver branch that drives a part, None where the newest does."""
    for row in table.last_branch:
        if numbers(part) <= numbers(row.up_to):
            return row.branch
    return None


def without_driver(
    machine: Machine, cards: Sequence[Card], host: Host, table: TorchTable
) -> list[Card]:
    """Return the described cards that the described driver no longer drives.

    Of a probed machine there are none: a card that answers is driven, whatever a table says.
    """
    if machine.driver.source != "given" or host.driver is None:
        return []
    here = numbers(host.driver)[0]
    ends = [(card, last_branch(table, card.part)) for card in cards]
    return [card for card, last in ends if last is not None and here >= last + _SPAN]


def leave_out(gone: Sequence[Card], host: Host, table: TorchTable, notes: Notes) -> None:
    """Say which cards the driver no longer drives, where others remain."""
    for card in gone:
        notes.beware(
            "placement",
            msg(
                "{gpu} ({id}) is left out: driver {driver} no longer drives it, branch {branch} "
                "is the last that does.",
                gpu=card.name,
                id=card.id,
                driver=host.driver,
                branch=last_branch(table, card.part),
            ),
        )


def refuse(gone: Sequence[Card], host: Host, table: TorchTable) -> SetupError:
    """Return the failure where no card remains, or one was asked for by name."""
    lasts = [last for card in gone if (last := last_branch(table, card.part)) is not None]
    return SetupError(
        "driver_too_new",
        driver=host.driver,
        gpu=", ".join(dict.fromkeys(card.name for card in gone)),
        branch=min(lasts),
    )
