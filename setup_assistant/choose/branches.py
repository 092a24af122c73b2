"""Which driver branches drive a card: each has a first one, and older cards a last one."""

from __future__ import annotations

from collections.abc import Sequence

from setup_assistant.catalog.torch import FirstBranch, TorchTable
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.target_platform import Host
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Machine
from setup_assistant.versions import numbers

# Windows drivers of one branch carry higher numbers, up to the next branch.
_SPAN = 10


def last_branch(table: TorchTable, part: str) -> int | None:
    """Return the last driver branch that drives a part, None where the newest does."""
    for row in table.last_branch:
        if numbers(part) <= numbers(row.up_to):
            return row.branch
    return None


def first_branch(table: TorchTable, part: str) -> FirstBranch | None:
    """Return the first driver branch that drives a part, None where no row tells."""
    return next((row for row in table.first_branch if row.part == part), None)


def without_driver(
    machine: Machine, cards: Sequence[Card], host: Host, table: TorchTable
) -> list[Card]:
    """Return the described cards that the described driver does not drive, no longer or not yet.

    Of a probed machine there are none: a card that answers is driven, whatever a table says.
    """
    if machine.driver.source != "given" or host.driver is None:
        return []
    return [c for c in cards if outside(table, c, host.driver)]


def outside(table: TorchTable, card: Card, driver: str) -> bool:
    """Whether a driver is of a branch that drives a card no longer, or not yet."""
    here = numbers(driver)[0]
    last = last_branch(table, card.part)
    ended = last is not None and here >= last + _SPAN
    return ended or _before(table, card, here) is not None


def _before(table: TorchTable, card: Card, here: int) -> FirstBranch | None:
    first = first_branch(table, card.part)
    return first if first and here < first.branch else None


def leave_out(gone: Sequence[Card], host: Host, table: TorchTable, notes: Notes) -> None:
    """Say which cards the driver does not drive, where others remain."""
    here = numbers(host.driver or "0")[0]
    for card in gone:
        if first := _before(table, card, here):
            notes.beware(
                "placement",
                "{gpu} ({id}) is left out: driver {driver} does not drive it yet, branch "
                "{branch} is the first that does.",
                gpu=card.name,
                id=card.id,
                driver=host.driver,
                branch=first.branch,
            )
            continue
        notes.beware(
            "placement",
            "{gpu} ({id}) is left out: driver {driver} no longer drives it, branch {branch} "
            "is the last that does.",
            gpu=card.name,
            id=card.id,
            driver=host.driver,
            branch=last_branch(table, card.part),
        )


def refuse(gone: Sequence[Card], host: Host, table: TorchTable, least: int) -> SetupError:
    """Return the failure where no card remains, or one was asked for by name.

    `least` is the first branch with which a PyTorch runs on them, 0 where none is known.
    """
    here = numbers(host.driver or "0")[0]
    young = [(card, first) for card in gone if (first := _before(table, card, here))]
    if young:
        gpu = ", ".join(dict.fromkeys(card.name for card, _first in young))
        branch = max(first.branch for _card, first in young)
        said = {"driver": host.driver, "gpu": gpu, "branch": branch, "least": max(branch, least)}
        if any(first.open_modules for _card, first in young):
            return SetupError("driver_before_card_open", **said)
        return SetupError("driver_before_card", **said)
    lasts = [last for card in gone if (last := last_branch(table, card.part)) is not None]
    return SetupError(
        "driver_too_new",
        driver=host.driver,
        gpu=", ".join(dict.fromkeys(card.name for card in gone)),
        branch=min(lasts),
    )
