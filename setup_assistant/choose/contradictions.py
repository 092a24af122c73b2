"""Facts that do not go together, or go with one program only: planned for, but said first.

A card that answers is driven, whatever a table says; a text may be of two machines all the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from setup_assistant.catalog.gpus import Table
from setup_assistant.catalog.torch import TorchTable
from setup_assistant.choose.branches import outside
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.usable_gpus import IDLE, Card
from setup_assistant.machine.facts import Driver, Gpu
from setup_assistant.units_text import GIB

# Cards are rebuilt with twice the memory, not with more.
_REBUILT = 2.1


def tell(
    driver: Driver, cards: Sequence[Card], table: TorchTable, names: Table, notes: Notes
) -> None:
    """Say which pairs of card, driver, capability and memory are not known to exist."""
    for card in {(c.name, c.part): c for c in cards}.values():
        known = names.lookup(card.name, card.total)
        if driver.version and driver.source != "nvml" and outside(table, card, driver.version):
            notes.first(
                "placement",
                "{gpu} and driver {driver} are not known to go together: was the text of two "
                "machines, or of an older driver?",
                gpu=card.name,
                driver=driver.version,
            )
        if known.compute_capability not in (None, card.part):
            notes.first(
                "placement",
                "{gpu} has compute capability {known}, but {part} was told.",
                gpu=card.name,
                known=known.compute_capability,
                part=card.part,
            )
        if known.memory_bytes and card.total and card.total > known.memory_bytes * _REBUILT:
            notes.first(
                "placement",
                "{gpu} is sold with {known} GiB, but {told} GiB were told.",
                gpu=card.name,
                known=round(known.memory_bytes / GIB),
                told=round(card.total / GIB),
            )


def tell_exclusive(gpus: Sequence[Gpu], notes: Notes) -> None:
    """Say which cards another program has, in a mode that gives them to one program at a time."""
    for gpu in gpus:
        used = (gpu.memory_total_bytes or 0) - (
            gpu.memory_free_bytes or gpu.memory_total_bytes or 0
        )
        if (gpu.compute_mode or "").startswith("exclusive") and (gpu.processes or used > IDLE):
            notes.first(
                "placement",
                "{gpu} is in an exclusive compute mode, and another program has it: no second "
                "one gets it (sudo nvidia-smi -c 0 lifts this).",
                gpu=gpu.name,
            )
