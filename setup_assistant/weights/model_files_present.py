"""Whether a folder holds a whole model: its configuration, and every shard its index names."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.weights.json_file import read_object
from setup_assistant.weights.tensors import read_header

CONFIG = "config.json"
INDEX = "model.safetensors.index.json"
# What says which other files there must be; fetched before them.
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
HEADS = (CONFIG, INDEX)
_WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf")


def check_listed(listed: Collection[str], model: str) -> None:
    """Check, before anything is fetched, that a listing can be a model.

    Raises:
        SetupError: `weights_incomplete`.
    """
    if CONFIG not in listed:
        # Without it transformers builds a default of 72 billion parameters.
        raise SetupError("weights_incomplete", model=model, missing=CONFIG)
    if INDEX not in listed and not any(path.endswith(_WEIGHTS) for path in listed):
        raise SetupError("weights_incomplete", model=model, missing="*.safetensors")


def check_heads(folder: Path, listed: Collection[str], model: str) -> None:
    """Check, once the heads are there, that every shard they name is listed too.

    Raises:
        SetupError: `weights_incomplete`, or `file_invalid` for a head that is no JSON object.
    """
    _object(folder / CONFIG)
    if INDEX not in listed:
        return
    shards = _object(folder / INDEX).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise SetupError("file_invalid", path=str(folder / INDEX), detail="weight_map")
    missing = sorted({str(s) for s in shards.values()} - set(listed))
    if missing:
        raise SetupError("weights_incomplete", model=model, missing=", ".join(missing[:3]))


def unreadable(folder: Path, listed: Collection[str]) -> list[str]:
    """Return the safetensors files whose header cannot be read, or does not fit their size."""
    shards = (p for p in listed if p.endswith(".safetensors"))
    return [p for p in shards if read_header(folder / p).fault]


def _object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise SetupError("file_missing", path=str(path), flag=path.name)
    found = read_object(path)
    if found.fault:
        raise SetupError("file_invalid", path=str(path), detail=str(found.fault))
    return found.value
