"""The GPUs that a plan may use, each with the memory it may fill."""

from __future__ import annotations

from dataclasses import dataclass

from setup_assistant.catalog.gpus import Table
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Gpu, Machine
from setup_assistant.units_text import GIB

HEADROOM = GIB // 2
HEADROOM_SHARE = 0.05
DESKTOP = GIB // 2
WINDOWS = GIB
# What an idle card holds without a desktop; more means that something else lives there.
IDLE = GIB
# Assumed where a card's memory cannot be learned.
UNKNOWN_BUDGET = 7 * GIB
NO_GPU = "none"
# Free of an idle card's memory: the driver keeps some for itself.
_EMPTY_SHARE = 0.96


@dataclass(frozen=True, kw_only=True)
class Card:
    """One usable GPU. `id` is its UUID, or its index; `budget` the bytes a model may use.

    `empty_budget` is what the budget would be with no other program on it, and `users` are the
    programs that are. `bandwidth` is that of its memory in GB/s, None where nobody knows it.
    """

    id: str
    name: str
    index: int
    part: str
    free: int | None
    budget: int
    slice_: bool = False
    bandwidth: float | None = None
    total: int | None = None
    empty_budget: int | None = None
    users: tuple[str, ...] = ()


def cards_of(machine: Machine, wishes: Wishes, names: Table, notes: Notes) -> list[Card]:
    """Return the NVIDIA GPUs to plan for, in PCI order.

    Raises:
        SetupError: `gpu_not_found` when a wished GPU is not among them.
    """
    if NO_GPU in wishes.gpus:
        return []
    cards = []
    for gpu in sorted(machine.gpus, key=lambda g: g.index):
        if gpu.vendor != "nvidia" or not gpu.usable or gpu.mig == "on":
            continue
        part = (
            gpu.compute_capability
            or names.lookup(gpu.name, gpu.memory_total_bytes).compute_capability
        )
        if part is None:
            notes.beware(
                "placement",
                "{gpu}: its compute capability is not known, so it is left out.",
                gpu=gpu.name,
            )
            continue
        cards.append(_card(gpu, part, machine, names, notes))
    return _wished(cards, wishes.gpus)


def budget(gpu: Gpu, free: int, os: str) -> int:
    """Return the bytes of a card that a model may use.

    Free memory less max(0.5 GiB, 5 %); 0.5 GiB more with a desktop on the card, whose use
    goes up and down; 1 GiB more on Windows. Where nobody could say whether a desktop is
    there, what is in use beyond an idle card's share counts as one, up to 0.5 GiB.
    """
    left = free - max(HEADROOM, int(free * HEADROOM_SHARE))
    if gpu.display_active:
        left -= DESKTOP
    elif gpu.display_active is None and gpu.memory_total_bytes:
        left -= min(DESKTOP, max(0, gpu.memory_total_bytes - free - IDLE))
    if os == "Windows":
        left -= WINDOWS
    return max(0, left)


def _card(gpu: Gpu, part: str, machine: Machine, names: Table, notes: Notes) -> Card:
    free = _free(gpu, machine, names)
    if free is None:
        notes.beware(
            "model",
            "{gpu}: its memory is not known; the plan counts on {gib} GiB.",
            gpu=gpu.name,
            gib=UNKNOWN_BUDGET // GIB,
        )
    room = UNKNOWN_BUDGET if free is None else budget(gpu, free, machine.system.os)
    return Card(
        id=gpu.uuid or str(gpu.index),
        name=gpu.name,
        index=gpu.index,
        part=part,
        free=free,
        budget=room,
        slice_=gpu.mig not in {None, "off"},
        bandwidth=names.bandwidth(gpu.name),
        total=gpu.memory_total_bytes,
        empty_budget=_empty_budget(gpu, machine),
        users=tuple(p.name or f"PID {p.pid}" for p in gpu.processes),
    )


def _empty_budget(gpu: Gpu, machine: Machine) -> int | None:
    if gpu.memory_total_bytes is None or gpu.memory_free_bytes is None:
        return None
    free = int(gpu.memory_total_bytes * _EMPTY_SHARE)
    return budget(gpu, free, machine.system.os)


def _free(gpu: Gpu, machine: Machine, names: Table) -> int | None:
    if gpu.memory_free_bytes is not None:
        return gpu.memory_free_bytes
    if gpu.memory_total_bytes is not None:
        return int(gpu.memory_total_bytes * 0.96)
    if gpu.unified_memory:
        known = machine.memory.available_bytes or machine.memory.total_bytes
        return int(known * 0.9) if known else None
    nominal = names.lookup(gpu.name).memory_bytes
    return int(nominal * 0.94) if nominal else None


def _wished(cards: list[Card], wished: tuple[str, ...]) -> list[Card]:
    if not wished:
        return cards
    chosen = []
    for wish in wished:
        found = [c for c in cards if wish in {c.id, str(c.index)}]
        if not found:
            known = ", ".join(f"{c.index} ({c.id})" for c in cards) or "-"
            raise SetupError("gpu_not_found", gpu=wish, known=known)
        chosen += found
    return [c for c in cards if c in chosen]
