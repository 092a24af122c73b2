"""All recipes that a plan is made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from setup_assistant.catalog import drivers, gpus, mirrors, models, purposes, stacks, torch


@dataclass(frozen=True, kw_only=True)
class Recipes:
    """What is known to work."""

    torch: torch.TorchTable
    stacks: stacks.Stacks
    models: tuple[models.Model, ...]
    mirrors: tuple[mirrors.Mirror, ...]
    purposes: purposes.Purposes
    gpus: gpus.Table
    drivers: drivers.Drivers


def load_all(folder: Path | None = None) -> Recipes:
    """Return all recipes of `folder`, by default those this tool came with.

    Raises:
        SetupError: `recipe_invalid`, naming file and key.
    """
    return Recipes(
        torch=torch.load(folder),
        stacks=stacks.load(folder),
        models=models.load(folder),
        mirrors=mirrors.load(folder),
        purposes=purposes.load(folder),
        gpus=gpus.table(),
        drivers=drivers.load(),
    )
