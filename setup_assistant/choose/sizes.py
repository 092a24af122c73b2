"""How much is downloaded and kept, and about how long it takes. Estimates but for weights."""

from __future__ import annotations

from setup_assistant.catalog.models import Model
from setup_assistant.catalog.recipes import Recipes
from setup_assistant.catalog.stacks import Quantizer
from setup_assistant.choose.plan import Sizes
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.source_legs import Legs
from setup_assistant.choose.torch_builds import Pair
from setup_assistant.choose.wishes import Wishes
from setup_assistant.machine.facts import Machine
from setup_assistant.units_text import memory_text

# Bytes per second where none were measured: a 100 Mbit/s line.
USUAL_SPEED = 12_000_000.0
WRITE_SPEED = 250_000_000.0
# Checks, canary and starting Python a few times.
FIXED_SECONDS = 45.0
GB = 1e9
# Main memory of a process that loads a model onto a GPU: Python with torch and transformers
# (0.95 GiB, measured), CUDA's own share, and the pages of the file that is being read.
LOADING = 4 << 30


def sizes(
    recipes: Recipes, pair: Pair, model: Model, quantizer: Quantizer | None, legs: Legs
) -> Sizes:
    """Return bytes to download and keep, and the estimated seconds of the road."""
    torch = recipes.torch.sizes[pair.build]
    rest = recipes.stacks.rest
    download = torch.download + rest.download + (quantizer.download if quantizer else 0)
    installed = torch.installed + rest.installed + (quantizer.installed if quantizer else 0)
    speed = legs.torch.speed or legs.packages.speed or USUAL_SPEED
    weights_speed = legs.weights.speed or USUAL_SPEED
    seconds = FIXED_SECONDS + download / speed + installed / WRITE_SPEED
    return Sizes(
        packages_download_bytes=download,
        packages_installed_bytes=installed,
        weights_bytes=model.download_bytes,
        expected_seconds=round(seconds + model.download_bytes / weights_speed, 1),
    )


def room_for_weights(machine: Machine, recipes: Recipes, pair: Pair, wishes: Wishes) -> int | None:
    """Return the bytes that weights may take on the site's disk; None where nobody knows.

    A folder of weights that was named may be on another disk, which was not looked at.
    """
    free = next((d.free_bytes for d in machine.disks if d.role == "site"), None)
    if free is None or wishes.weights:
        return None
    packages = recipes.torch.sizes[pair.build].installed + recipes.stacks.rest.installed
    return max(0, free - packages)


def warn_of_memory(machine: Machine, notes: Notes) -> None:
    """Warn where main memory is short for loading a model onto a GPU."""
    memory = machine.memory
    known = [b for b in (memory.available_bytes, memory.limit_bytes) if b is not None]
    if known and min(known) < LOADING:
        notes.beware(
            "placement",
            "Only {have} of main memory can be used: loading a model onto a GPU takes about "
            "{need} of it, and slows down or is killed with less.",
            have=memory_text(min(known)),
            need=memory_text(LOADING),
        )


def warn_of_disks(machine: Machine, wanted: Sizes, notes: Notes) -> None:
    """Warn where a disk has less room than what will be put on it."""
    needs = {
        "site": wanted.packages_installed_bytes + wanted.weights_bytes,
        "cache": wanted.packages_download_bytes,
    }
    for disk in machine.disks:
        need = needs.get(disk.role, 0)
        if disk.free_bytes is not None and disk.free_bytes < need:
            notes.beware(
                "sizes",
                "{path} has {free} GB free; about {need} GB will be needed there.",
                path=disk.path,
                free=round(disk.free_bytes / GB, 1),
                need=round(need / GB, 1),
            )
