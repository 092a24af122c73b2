"""Weigh the failures of a live machine against what the kernel shows, and add its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from setup_assistant.host import lenient
from setup_assistant.machine import kernel
from setup_assistant.machine.facts import Gpu, System, Unknown
from setup_assistant.machine.reading import Card, Fault, Reading
from setup_assistant.messages import msg


def readings(
    said: Sequence[Reading],
    seen: Sequence[Reading],
    *,
    system: System,
    root: Path,
    stuck: str | None = None,
) -> tuple[Reading, ...]:
    """Return all readings, the driver's before the kernel's, with failures explained.

    Args:
        said: what NVML and nvidia-smi said.
        seen: what the kernel shows.
        system: the computer, for WSL, containers and Jetson.
        root: where device files are looked for.
        stuck: what was asked last where the process that asks could not even be ended.
    """
    nvidia = [c for r in seen for c in r.cards if c.vendor == "nvidia"]
    found = tuple(_explained(r, nvidia, seen, system, root) for r in said)
    if any(r.source == "nvidia-smi" and r.cards for r in found):
        # nvidia-smi has loaded the very library: only this process's loader cannot find it.
        found = tuple(_with_library(r) for r in found)
    shown = tuple(_own_cards(r, found, system) for r in seen)
    extra: tuple[Reading, ...] = ()
    if stuck:
        text = msg("A process that asks the driver could not be ended.").english
        kind = "nvidia_smi_hangs" if stuck == "nvidia-smi" else "nvml_hangs"
        fault = Fault(id=kind, evidence=(stuck, text))
        extra = (Reading(source="nvml", faults=(fault,)),)
    return (*found, *extra, *shown, *_tegra(system, root, found))


def without_voice(gpus: Sequence[Gpu], said: Sequence[Reading], system: System) -> tuple[Gpu, ...]:
    """Mark the NVIDIA cards that only the PCI bus shows: the driver does not speak for them."""
    known = {c.pci_bus_id for r in said for c in r.cards if c.pci_bus_id}
    heard = {c.index for r in said for c in r.cards if not c.pci_bus_id}
    note = msg("The NVIDIA driver does not answer for this GPU.").english
    return tuple(
        replace(g, usable=False, note=note)
        if g.vendor == "nvidia"
        and g.usable
        and g.pci_bus_id not in known
        and g.index not in heard
        and not system.jetson
        else g
        for g in gpus
    )


def _explained(
    reading: Reading, nvidia: Sequence[Card], seen: Sequence[Reading], system: System, root: Path
) -> Reading:
    reading = replace(reading, faults=tuple(_with_evidence(f, seen, root) for f in reading.faults))
    hardware = nvidia or system.wsl or any(r.kernel_module for r in seen)
    bound = {c.kernel_driver for c in nvidia}
    if not hardware or (bound and bound <= {"none", "nouveau", "vfio-pci"}):
        # No NVIDIA GPU, or one that another driver holds: a missing library says nothing more.
        reading = _with_library(reading)
    if not hardware and not reading.cards and not reading.faults:
        reason = msg("No NVIDIA GPU was found: none is on the PCI bus, and no driver answers.")
        nothing = Unknown(field="gpus", reason=reason.english)
        return replace(reading, unknown=(*reading.unknown, nothing))
    return reading


def _with_library(reading: Reading) -> Reading:
    return replace(reading, faults=tuple(f for f in reading.faults if f.id != "nvml_missing"))


def _with_evidence(fault: Fault, seen: Sequence[Reading], root: Path) -> Fault:
    extra: tuple[str, ...] = ()
    module = next((r.kernel_module for r in seen if r.kernel_module), None)
    if fault.id == "driver_library_mismatch":
        library = next((r.library for r in seen if r.library), None)
        extra = (f"kernel module: {module or '?'}", f"library: {library or '?'}")
    elif fault.id == "permission_denied":
        extra = kernel.device_groups(root)
    elif fault.id == "driver_not_loaded":
        extra = (f"kernel module: {module or 'not loaded'}",)
    return replace(fault, evidence=(*fault.evidence, *extra))


def _own_cards(reading: Reading, said: Sequence[Reading], system: System) -> Reading:
    """Leave out what does not concern this system: a container sees its host's whole bus."""
    spoken = {c.pci_bus_id for r in said for c in r.cards}
    unloaded = any(f.id == "driver_not_loaded" for r in said for f in r.faults)
    cards = []
    for card in reading.cards:
        foreign = card.vendor == "nvidia" and card.pci_bus_id not in spoken
        if foreign and spoken and system.container and card.kernel_driver == "nvidia":
            continue
        # "Not loaded" is the better word where the software is there.
        ours = unloaded and card.kernel_driver == "none"
        cards.append(replace(card, kernel_driver=None) if ours else card)
    return replace(reading, cards=tuple(cards))


def _tegra(system: System, root: Path, said: Sequence[Reading]) -> tuple[Reading, ...]:
    """Return the built-in GPU of a Jetson, which is on no PCI bus and often unknown to NVML."""
    if system.jetson is None or any(r.cards for r in said):
        return ()
    # The board by its device tree, e.g. "NVIDIA Jetson AGX Orin".
    name = lenient.text(root / "proc/device-tree/model").strip("\0 ")
    card = Card(index=0, name=name.replace(" Developer Kit", "") if name else "NVIDIA Tegra")
    return (Reading(source="kernel", cards=(card,)),)
