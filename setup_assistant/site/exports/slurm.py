"""A Slurm job and an Lmod module, in a folder that all nodes share."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from setup_assistant.site.exports.source import Source, shared, template
from setup_assistant.units_text import GIB

# Beside the weights: the interpreter, its libraries and the pictures.
_REST_GIB = 8


def sbatch(source: Source, folder: Path) -> dict[str, bytes]:
    """Return the job, the module and all that they use.

    Args:
        source: what is exported.
        folder: where the files will lie, as every node sees it.
    """
    model, placement = source.plan.model, source.plan.placement
    on_cards = placement.device == "cuda"
    cards = max(1, len(placement.max_memory_bytes)) if on_cards else 0
    held = model.download_bytes if on_cards else model.need_bytes
    job = template(
        "job.sbatch",
        GPUS=f"#SBATCH --gpus-per-node={cards}\n" if cards else "",
        MEMORY=str(-(-held // GIB) + _REST_GIB),
        FOLDER=shlex.quote(str(folder)),
    )
    # Lua reads these escapes of JSON as they are meant.
    module = template("qwen2-vl.lua", FOLDER=json.dumps(str(folder), ensure_ascii=False))
    return {
        "job.sbatch": job.encode(),
        "modulefiles/qwen2-vl.lua": module.encode(),
        **shared(source, root=str(folder), weights=str(source.weights), device=placement.device),
    }


def sbatch_commands(folder: Path) -> tuple[str, ...]:
    """Return the commands that start the job, and that load the module."""
    return (
        f"sbatch {shlex.quote(str(folder / 'job.sbatch'))}",
        f"module use {shlex.quote(str(folder / 'modulefiles'))} && module load qwen2-vl",
    )
