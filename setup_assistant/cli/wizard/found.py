"""What the wizard opens with: the cards, the driver, and what stands in the way."""

from __future__ import annotations

from setup_assistant.cli.terminal import show
from setup_assistant.machine import verdicts
from setup_assistant.machine.facts import Gpu, Machine, Process
from setup_assistant.messages import _
from setup_assistant.units_text import gib

# How many of a card's programs are named.
_NAMED = 3


def show_found(machine: Machine, *, planning: bool = True) -> None:
    """Say what this machine has, one line a card, and what is wrong with it.

    `planning`: a plan comes next, and what is found decides it.
    """
    for gpu in machine.gpus:
        show.line(f"{show.mark(gpu.usable)} {_card(gpu)}")
    driver = machine.driver
    if driver.version:
        cuda = driver.cuda or "?"
        said = _("Driver {version}, up to CUDA {cuda}", version=driver.version, cuda=cuda)
        show.line(f"{show.mark(True)} {said}")
    if not any(g.vendor == "nvidia" for g in machine.gpus) and not machine.verdicts:
        slow = _("No NVIDIA card was seen: the plan is for the CPU, which is slow.")
        show.line(f"! {slow if planning else _('No NVIDIA card was seen.')}")
        show.line("  > " + _("If there is one, its driver is missing. To find out more, run "
                             "setup-assistant doctor"))  # fmt: skip
    for verdict in machine.verdicts:
        sentence, remedy = verdicts.said(verdict)
        show.line(f"! {sentence}")
        if remedy:
            show.line(f"  > {remedy}")


def _card(gpu: Gpu) -> str:
    total, free = gpu.memory_total_bytes, gpu.memory_free_bytes
    if not gpu.usable:
        from setup_assistant.messages import Message

        return _("{gpu}: {reason}", gpu=gpu.name, reason=str(Message(gpu.note or "")))
    if total is None or free is None:
        return gpu.name
    room = {"gpu": gpu.name, "total": gib(total), "free": gib(free)}
    if not gpu.processes:
        return _("{gpu}: {total}, {free} free", **room)
    return _("{gpu}: {total}, {free} free; other programs hold the rest ({programs})", **room,
             programs=_programs(gpu.processes))  # fmt: skip


def _programs(processes: tuple[Process, ...]) -> str:
    """Return the largest programs by name, with what each holds."""
    largest = sorted(processes, key=lambda p: -(p.memory_bytes or 0))
    said = [
        f"{p.name or f'PID {p.pid}'}{f' {gib(p.memory_bytes)}' if p.memory_bytes else ''}"
        for p in largest[:_NAMED]
    ]
    return show.listed([*said, *(["…"] if len(largest) > _NAMED else [])])
