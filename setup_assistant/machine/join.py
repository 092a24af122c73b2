"""Put the readings of one machine together: cards by UUID, then address, then index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from setup_assistant.machine.facts import Driver, Unknown
from setup_assistant.machine.reading import Card, Fault, Reading
from setup_assistant.messages import msg


@dataclass(frozen=True, kw_only=True)
class Joined:
    """The union of all readings. Earlier readings win where two speak of the same thing."""

    driver: Driver
    cards: tuple[Card, ...]
    faults: tuple[Fault, ...]
    unknown: tuple[Unknown, ...]
    cuda_missing: bool
    windows: bool


def join(readings: Sequence[Reading]) -> Joined:
    """Return everything that `readings` say together, the most trusted first."""
    cards: list[Card] = []
    for reading in readings:
        for position, card in enumerate(reading.cards):
            _add(cards, _placed(cards, card, position))
    said = [u for reading in readings for u in reading.unknown]
    driver = _driver(readings)
    return Joined(
        driver=driver,
        cards=tuple(cards),
        faults=tuple(fault for reading in readings for fault in reading.faults),
        unknown=tuple(dict.fromkeys((*said, *_doubts(readings, len(cards))))),
        cuda_missing=driver.cuda is None and any(r.cuda_missing for r in readings),
        windows=any(r.windows for r in readings),
    )


def _driver(readings: Sequence[Reading]) -> Driver:
    speaker = next((r for r in readings if r.driver), None)
    cuda = next((r.cuda for r in readings if r.cuda), None)
    return Driver(
        version=speaker.driver if speaker else None,
        cuda=cuda,
        source=speaker.source if speaker else None,
        kernel_module=next((r.kernel_module for r in readings if r.kernel_module), None),
        library=next((r.library for r in readings if r.library), None),
    )


def _doubts(readings: Sequence[Reading], described: int) -> list[Unknown]:
    doubts = []
    if len({r.driver for r in readings if r.driver}) > 1:
        reason = msg("Two sources name different drivers; are these files of one machine?")
        doubts.append(Unknown(field="driver.version", reason=reason.english))
    if any((r.attached or 0) > described for r in readings):
        reason = msg("More GPUs are attached than are described here.")
        doubts.append(Unknown(field="gpus", reason=reason.english))
    return doubts


def _placed(cards: Sequence[Card], card: Card, position: int) -> Card:
    """Count a card that carries no number, unless it is known by its UUID or address."""
    if card.index is not None or any(_same(old, card) for old in cards):
        return card
    return replace(card, index=position)


def _add(cards: list[Card], new: Card) -> None:
    for position, old in enumerate(cards):
        if _same(old, new):
            cards[position] = _merge(old, new)
            return
    cards.append(new)


def _same(old: Card, new: Card) -> bool:
    if old.uuid and new.uuid:
        return old.uuid == new.uuid
    if old.pci_bus_id and new.pci_bus_id:
        return old.pci_bus_id == new.pci_bus_id
    foreign = (old.vendor or "nvidia") != (new.vendor or "nvidia")
    return not foreign and old.index is not None and old.index == new.index


def _merge(old: Card, new: Card) -> Card:
    """Fill the gaps of `old` from `new`."""
    slices = list(old.slices)
    for piece in new.slices:
        _add(slices, piece)
    merged = replace(
        old,
        **{
            f.name: getattr(new, f.name)
            for f in fields(Card)
            if getattr(old, f.name) in (None, ()) and f.name != "slices"
        },
        slices=tuple(slices),
    )
    if old.name and new.name and old.name.endswith("...") and not new.name.endswith("..."):
        merged = replace(merged, name=new.name)
    # NVML and -q know the reserved part that the table leaves out: free from those is smaller.
    if old.free_bytes is not None and new.free_bytes is not None:
        merged = replace(merged, free_bytes=min(old.free_bytes, new.free_bytes))
    return merged
