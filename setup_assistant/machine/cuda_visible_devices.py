"""`CUDA_VISIBLE_DEVICES`: which cards CUDA will see, as far as that is certain.

Source: CUDA C++ Programming Guide, CUDA Environment Variables. The list ends at its first
invalid entry; numbers count fastest-first unless CUDA_DEVICE_ORDER=PCI_BUS_ID.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from setup_assistant.machine.facts import Gpu, Unknown
from setup_assistant.messages import msg


def apply(
    gpus: Sequence[Gpu], environment: Mapping[str, str]
) -> tuple[tuple[Gpu, ...], tuple[Unknown, ...]]:
    """Return the GPUs with hidden ones marked, and what could not be decided."""
    wanted = environment.get("CUDA_VISIBLE_DEVICES")
    if wanted is None:
        return tuple(gpus), ()
    entries = [e.strip() for e in wanted.split(",") if e.strip()]
    whole = [g for g in gpus if g.vendor == "nvidia" and g.mig in (None, "on", "off")]
    numbered = bool(entries) and entries[0].isdigit()
    in_order = environment.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
    if numbered and not in_order and len({g.name for g in whole}) > 1:
        reason = msg(
            "CUDA_VISIBLE_DEVICES counts the fastest card first, so its numbers do not tell "
            "which of these different cards it means. Use UUIDs, or set "
            "CUDA_DEVICE_ORDER=PCI_BUS_ID."
        )
        return tuple(gpus), (Unknown(field="visible_devices", reason=reason.english),)
    seen = _chosen(entries, gpus, whole)
    return tuple(g if g.vendor != "nvidia" or id(g) in seen else _hidden(g) for g in gpus), ()


def _hidden(gpu: Gpu) -> Gpu:
    if not gpu.usable:
        return gpu
    return replace(gpu, usable=False, note=msg("Hidden by CUDA_VISIBLE_DEVICES.").english)


def _chosen(entries: Sequence[str], gpus: Sequence[Gpu], whole: Sequence[Gpu]) -> set[int]:
    chosen: set[int] = set()
    for entry in entries:
        if entry.isdigit():
            found = [whole[int(entry)]] if int(entry) < len(whole) else []
            # A number means the card; where it is divided, CUDA takes its first slice.
            if found and found[0].mig == "on":
                found += [g for g in gpus if g.index == found[0].index and g not in whole][:1]
        else:
            found = [g for g in gpus if (g.uuid or "").startswith(entry)]
        if not found:
            break
        chosen |= {id(g) for g in found}
    return chosen
