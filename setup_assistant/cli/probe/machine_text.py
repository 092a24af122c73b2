"""A machine as calm tables."""

from __future__ import annotations

from collections.abc import Iterator

from setup_assistant.cli.terminal import show
from setup_assistant.machine import verdicts
from setup_assistant.machine.facts import Gpu, Machine, Source
from setup_assistant.messages import Message, _
from setup_assistant.report.labels import field
from setup_assistant.units_text import gib, size_text


def show_machine(machine: Machine) -> None:
    """Print everything, then what is not known, then what is wrong and how to mend it."""
    show.heading(_("Machine"))
    show.facts(_system(machine))
    show.line()
    show.heading(_("GPUs"))
    if machine.gpus:
        headings = (_("GPU"), _("Name"), _("Capability"), _("Free"), _("Total"), _("Remark"))
        show.table([_gpu(g) for g in machine.gpus], headings)
    else:
        show.line(_("No GPU was found."))
        show.line()
    _show_places(machine)
    if machine.unknown:
        show.heading(_("Not known"))
        show.facts((str(field(u.field)), said(u.reason)) for u in machine.unknown)
        show.line()
    for verdict in machine.verdicts:
        sentence, remedy = verdicts.said(verdict)
        show.heading(f"! {sentence}")
        for line in verdict.evidence:
            show.line(f"    {line}")
        if remedy:
            show.line("  " + _("What to do: {remedy}", remedy=str(remedy)))
        show.line()


def said(sentence: str) -> str:
    """Return a stored English sentence in the language in use."""
    return str(Message(sentence))


def _system(machine: Machine) -> Iterator[tuple[str, str]]:
    system, memory, driver = machine.system, machine.memory, machine.driver
    glibc = f"glibc {system.glibc}" if system.glibc else None
    place = [system.distribution or system.os, system.arch, glibc, system.container]
    if system.wsl:
        place.append("WSL")
    if system.jetson:
        place.append(f"Jetson Linux {system.jetson}")
    yield _("System"), ", ".join(p for p in place if p)
    if system.cpu or system.cpu_cores:
        yield (
            _("Processor"),
            _("{cpu}, {n} [core|cores]", cpu=system.cpu or "?", n=system.cpu_cores or 0),
        )
    if memory.total_bytes:
        text = _(
            "{free} free of {total}",
            free=gib(memory.available_bytes),
            total=gib(memory.total_bytes),
        )
        if memory.limit_bytes:
            text += ", " + _("limited to {limit}", limit=gib(memory.limit_bytes))
        yield _("Memory"), text
    version, cuda = driver.version or "?", driver.cuda or "?"
    if driver.version or driver.cuda:
        yield _("Driver"), _("{version}, up to CUDA {cuda}", version=version, cuda=cuda)
    else:
        yield _("Driver"), _("none")
    if machine.visible_devices is not None:
        yield "CUDA_VISIBLE_DEVICES", machine.visible_devices or '""'


def _gpu(gpu: Gpu) -> tuple[str, ...]:
    remarks = []
    if gpu.mig and gpu.mig != "off":
        remarks.append(f"MIG {gpu.mig}")
    if gpu.unified_memory:
        remarks.append(_("shares main memory"))
    if gpu.display_active:
        remarks.append(_("drives a display"))
    if gpu.driver_model:
        remarks.append(gpu.driver_model)
    if gpu.processes:
        remarks.append(_("{n} [process holds|processes hold] memory", n=len(gpu.processes)))
    if gpu.note:
        remarks.append(said(gpu.note))
    return (
        str(gpu.index),
        gpu.name,
        gpu.compute_capability or "?",
        gib(gpu.memory_free_bytes),
        gib(gpu.memory_total_bytes),
        "; ".join(remarks),
    )


def _show_places(machine: Machine) -> None:
    roles = {"site": _("site"), "cache": _("cache"), "temp": _("temp")}
    if machine.disks:
        show.heading(_("Disks"))
        show.table(
            [
                (
                    roles[d.role],
                    size_text(d.free_bytes) if d.free_bytes is not None else "?",
                    d.path,
                )
                for d in machine.disks
            ],
            (_("For"), _("Free"), _("Folder")),
        )
    if machine.tools:
        show.heading(_("Tools"))
        show.table([(t.name, t.version or "", t.path) for t in machine.tools])
    if machine.sources:
        show.heading(_("Sources"))
        show.facts(_sources(machine.sources))
        show.line()


def _sources(found: tuple[Source, ...]) -> Iterator[tuple[str, str]]:
    """Yield one row for each source that answers, and one for all that are silent alike."""
    silent: dict[tuple[str, str], list[str]] = {}
    for source in found:
        leg = str(field(source.leg))
        if source.reachable and source.seconds is not None:
            yield leg, f"{source.name}: {_pace(source)}"
        else:
            silent.setdefault((leg, said(source.reason or "")), []).append(source.name)
    for (leg, reason), names in silent.items():
        yield leg, f"{show.listed(names)}: {reason}"


def _pace(source: Source) -> str:
    text = _("{seconds} s", seconds=f"{source.seconds:.2f}")
    if source.bytes_per_second:
        text += f", {size_text(round(source.bytes_per_second))}/s"
    return text
