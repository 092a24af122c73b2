"""The cards that a plan is for, and what is said of those that it leaves out."""

from __future__ import annotations

from collections.abc import Sequence

from setup_assistant.catalog.recipes import Recipes
from setup_assistant.choose import branches, contradictions, refusals
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.target_platform import Host
from setup_assistant.choose.usable_gpus import NO_GPU, Card, cards_of
from setup_assistant.choose.wishes import Wishes
from setup_assistant.machine.facts import Gpu, Machine
from setup_assistant.messages import msg

# Verdicts about the question that was put to the driver, not about the driver.
_HARMLESS = frozenset({"command_typo", "field_unsupported"})


def planned_cards(
    machine: Machine, wishes: Wishes, host: Host, recipes: Recipes, notes: Notes
) -> tuple[list[Card], list[Card]]:
    """Return the cards to plan for and those left out, and say what is there besides."""
    cards = cards_of(machine, wishes, recipes.gpus, notes)
    for gpu in machine.gpus:
        if gpu.vendor != "nvidia":
            notes.beware(
                "placement",
                msg(
                    "{gpu} is not an NVIDIA GPU: this tool sets up CUDA only, so the plan is for "
                    "the CPU.",
                    gpu=gpu.name,
                )
                if not cards
                else msg("{gpu} is not an NVIDIA GPU and is not used.", gpu=gpu.name),
            )
    nvidia = [g for g in machine.gpus if g.vendor == "nvidia"]
    if cards and machine.visible_devices is None:
        _tell_unusable(nvidia, notes)
        contradictions.tell_exclusive(nvidia, notes)
    hidden = machine.visible_devices is not None and not cards
    if nvidia and not cards and NO_GPU not in wishes.gpus:
        if not hidden:
            refusals.no_usable_gpu(nvidia, host, recipes)
        notes.beware("placement", "CUDA_VISIBLE_DEVICES hides every GPU: the plan is for the CPU.")
    if not nvidia and any(v.id not in _HARMLESS for v in machine.verdicts):
        notes.beware(
            "placement",
            "The NVIDIA driver failed here, so no GPU could be seen: the plan is for the CPU. "
            "The probe says what is wrong.",
        )
    elif not machine.gpus and machine.driver.version and NO_GPU not in wishes.gpus:
        notes.beware(
            "placement",
            "Driver {driver} is there, but no GPU is described: the plan is for the CPU. "
            "Describe the GPU too.",
            driver=machine.driver.version,
        )
    gone = branches.without_driver(machine, cards, host, recipes.torch)
    if gone and (len(gone) == len(cards) or wishes.gpus):
        least = refusals.least_branch(recipes, host, wishes.python, [c.part for c in gone])
        raise branches.refuse(gone, host, recipes.torch, least)
    branches.leave_out(gone, host, recipes.torch, notes)
    kept = [c for c in cards if c not in gone]
    contradictions.tell(machine.driver, kept, recipes.torch, recipes.gpus, notes)
    return kept, gone


def _tell_unusable(gpus: Sequence[Gpu], notes: Notes) -> None:
    """Say which cards cannot be used, beside others that can."""
    divided = {g.pci_bus_id or g.index for g in gpus if g.mig not in (None, "off", "on")}
    for gpu in gpus:
        if gpu.mig == "on" and (gpu.pci_bus_id or gpu.index) not in divided:
            notes.beware(
                "placement",
                "{gpu} is in MIG mode and has no slices, so it is not used (sudo nvidia-smi "
                "mig -cgi makes them).",
                gpu=gpu.name,
            )
        elif not gpu.usable and gpu.mig != "on" and gpu.note:
            notes.beware("placement", "{gpu} is not used: {reason}", gpu=gpu.name, reason=gpu.note)
