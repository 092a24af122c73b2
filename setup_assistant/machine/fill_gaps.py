"""From joined readings to GPUs: gaps filled from recipes, every remaining gap with its reason."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal, cast

from setup_assistant.catalog import drivers, gpus
from setup_assistant.machine import mig
from setup_assistant.machine.facts import Driver, Gpu, Memory, Unknown
from setup_assistant.machine.join import Joined
from setup_assistant.machine.reading import Card, Fault, lost
from setup_assistant.messages import Message, msg

# What the kernel module says of a card that it does not drive, and what nvidia-smi says then.
_REFUSALS = {
    "open_modules_required",
    "closed_modules_required",
    "card_too_old",
    "driver_before_card",
}
_OF_REFUSALS = {"no_devices", "driver_not_loaded", "gpu_unreachable"}
# What a source says of a card and a machine of its GPU, in the same words.
_SAME = {f.name for f in fields(Gpu)} & {f.name for f in fields(Card)} - {"name", "index", "vendor"}
_VENDOR_NAMES = {"amd": "AMD GPU", "intel": "Intel GPU", "nvidia": "NVIDIA GPU"}


@dataclass(frozen=True, kw_only=True)
class Completed:
    """GPUs and driver as they stand in the machine, with what was concluded on the way."""

    driver: Driver
    gpus: tuple[Gpu, ...]
    faults: tuple[Fault, ...]
    unknown: tuple[Unknown, ...]


def complete(
    joined: Joined, *, memory: Memory | None = None, jetson: str | None = None
) -> Completed:
    """Return GPUs and driver.

    Args:
        joined: what all sources said.
        memory: main memory of the live machine, which unified-memory GPUs share; None where
            captures are read.
        jetson: the Jetson Linux release, e.g. "R36.4.0".
    """
    driver, unknown = _driver(joined, jetson)
    faults = list(joined.faults)
    found: list[Gpu] = []
    for card in sorted(joined.cards, key=_order):
        whole, missing = _gpu(card, len(found), memory)
        found.append(whole)
        unknown += missing
        faults += _card_faults(card)
        found += [mig.slice_of(whole, piece) for piece in card.slices]
        unknown += _of_slices(whole, card)
    if joined.cuda_missing:
        evidence = (f"driver {driver.version}", "CUDA version: N/A")
        faults.append(Fault(id="libcuda_missing", evidence=evidence))
    return Completed(
        driver=driver,
        gpus=tuple(found),
        faults=tuple(_merged(faults)),
        unknown=tuple(dict.fromkeys((*joined.unknown, *unknown))),
    )


def _order(card: Card) -> tuple[bool, int]:
    """NVIDIA's cards first, each maker's in the order of their numbers."""
    return card.vendor not in (None, "nvidia"), card.index or 0


def _driver(joined: Joined, jetson: str | None) -> tuple[Driver, list[Unknown]]:
    driver, unknown = joined.driver, []
    if driver.cuda is None:
        cuda = drivers.cuda_of_tegra(jetson) if jetson else None
        if cuda is None and driver.version:
            cuda = drivers.cuda_of_driver(driver.version)
        if cuda is not None:
            driver = replace(driver, cuda=cuda, cuda_source="table")
    elif driver.cuda_source is None:
        compat = driver.version and drivers.is_ahead(driver.version, driver.cuda)
        driver = replace(driver, cuda_source="cuda-compat" if compat else driver.source)
    if driver.version is None:
        unknown.append(_unknown("driver.version", msg("No source named a driver version.")))
    if driver.cuda is None:
        unknown.append(
            _unknown("driver.cuda", msg("Neither the driver nor its version number was learned."))
            if driver.version is None
            else _unknown("driver.cuda", msg("No table knows the CUDA version of this driver."))
        )
    return driver, unknown


def _free(card: Card) -> int | None:
    """Return the free memory of a card; more than all of it is a counter that ran below zero."""
    free, total = card.free_bytes, card.total_bytes
    return None if free is not None and total is not None and free > total else free


def _gpu(card: Card, position: int, memory: Memory | None) -> tuple[Gpu, list[Unknown]]:
    vendor = cast("Literal['nvidia', 'amd', 'intel']", card.vendor or "nvidia")
    note = _note(card, vendor)
    gpu = Gpu(
        **{name: getattr(card, name) for name in _SAME},
        name=card.name or _VENDOR_NAMES[vendor],
        index=card.index if card.index is not None else position,
        memory_total_bytes=card.total_bytes,
        memory_free_bytes=_free(card),
        vendor=vendor,
        usable=note is None,
        note=note.english if note else None,
    )
    if vendor != "nvidia":
        return gpu, []
    unknown: list[Unknown] = []
    gpu = _with_capability(gpu, card, unknown)
    gpu = _with_memory(gpu, card, memory, unknown)
    if card.name is None:
        unknown.append(_unknown(f"gpus[{gpu.index}].name", msg("No source named this GPU.")))
    return gpu, unknown


def _note(card: Card, vendor: str) -> Message | None:
    if vendor != "nvidia":
        return msg("Not an NVIDIA GPU: it is recognised, but not used.")
    if card.trouble:
        return msg("This GPU does not answer.")
    if card.compute_mode == "prohibited":
        return msg(
            "Its compute mode is Prohibited: no program may use it (sudo nvidia-smi -c 0 lifts it)."
        )
    if card.mig == "on":
        return msg("This card is divided into MIG slices; only the slices can be used.")
    return None


def _with_capability(gpu: Gpu, card: Card, unknown: list[Unknown]) -> Gpu:
    if gpu.compute_capability:
        return gpu
    known = gpus.lookup(card.name, card.total_bytes).compute_capability if card.name else None
    if known is None and card.pci_device_id:
        known = gpus.of_pci(card.pci_device_id)
    if known is None:
        reason = msg("The name of the GPU is in no table, and the driver does not say.")
        if card.name is None:
            reason = msg("Neither the driver nor a name says what this GPU is.")
        elif gpus.is_cut(card.name):
            reason = msg("The name was cut short and fits several GPUs.")
        unknown.append(_unknown(f"gpus[{gpu.index}].compute_capability", reason))
    return replace(gpu, compute_capability=known)


def _with_memory(gpu: Gpu, card: Card, memory: Memory | None, unknown: list[Unknown]) -> Gpu:
    if gpu.memory_total_bytes is not None and gpu.memory_free_bytes is not None:
        return gpu
    field = f"gpus[{gpu.index}].memory_free_bytes"
    if card.trouble:
        unknown.append(_unknown(field, msg("This GPU does not answer.")))
        return gpu
    if gpu.memory_total_bytes is None and gpu.compute_capability in gpus.UNIFIED:
        gpu = replace(gpu, unified_memory=True)
        if memory and memory.total_bytes:
            return replace(
                gpu,
                memory_total_bytes=memory.limit_bytes or memory.total_bytes,
                memory_free_bytes=memory.available_bytes,
            )
        unknown.append(
            _unknown(field, msg("This GPU shares the main memory, which is not known here."))
        )
        return gpu
    if gpu.memory_total_bytes is None and card.name:
        gpu = replace(gpu, memory_total_bytes=gpus.lookup(card.name).memory_bytes)
        if gpu.memory_total_bytes:
            reason = msg("The driver did not say; this is the size such a card is sold with.")
            unknown.append(_unknown(f"gpus[{gpu.index}].memory_total_bytes", reason))
    if gpu.memory_total_bytes is None:
        reason = msg("No source tells the size of this GPU's memory.")
        unknown.append(_unknown(f"gpus[{gpu.index}].memory_total_bytes", reason))
    if gpu.memory_free_bytes is None:
        unknown.append(_unknown(field, msg("No source tells how much of its memory is free.")))
    return gpu


def _of_slices(gpu: Gpu, card: Card) -> list[Unknown]:
    """Return what is not known of slices: their size is then that of their profile's name."""
    unknown = []
    if any(piece.total_bytes is None for piece in card.slices):
        reason = msg("The size is the profile's nominal one: a slice has a little less.")
        unknown.append(_unknown(f"gpus[{gpu.index}].mig.memory_total_bytes", reason))
    if any(piece.free_bytes is None for piece in card.slices):
        reason = msg("No source tells how much of its memory is free.")
        unknown.append(_unknown(f"gpus[{gpu.index}].mig.memory_free_bytes", reason))
    return unknown


def _card_faults(card: Card) -> list[Fault]:
    label = card.uuid or card.pci_bus_id or f"GPU {card.index}"
    if card.trouble:
        kind = "gpu_lost" if lost(card.trouble) else card.trouble_id or "gpu_failing"
        return [Fault(id=kind, evidence=(f"{label}: {card.trouble}",))]
    kind = {"nouveau": "nouveau_bound", "vfio-pci": "vfio_bound", "none": "driver_missing"}.get(
        card.kernel_driver or "", ""
    )
    if kind and card.vendor == "nvidia":
        text = f"{label}: kernel driver in use: {card.kernel_driver}"
        return [Fault(id=kind, evidence=(text,))]
    return []


def _merged(faults: list[Fault]) -> list[Fault]:
    """One fault per id, with all its evidence; a missing driver explains a missing NVML."""
    found: dict[str, Fault] = {}
    for fault in faults:
        known = found.get(fault.id, fault)
        evidence = tuple(dict.fromkeys((*known.evidence, *fault.evidence)))
        found[fault.id] = replace(known, evidence=evidence)
    if _REFUSALS & found.keys():
        # The kernel module says why there are no devices.
        found = {k: f for k, f in found.items() if k not in _OF_REFUSALS}
    return list(found.values())


def _unknown(field: str, reason: Message) -> Unknown:
    return Unknown(field=field, reason=reason.english)
