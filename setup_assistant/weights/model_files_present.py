"""Whether a folder holds a whole model: its configuration, and every shard its index names."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.host import files

CONFIG = "config.json"
INDEX = "model.safetensors.index.json"
# What says which other files there must be; fetched before them.
HEADS = (CONFIG, INDEX)
# The limit of the format's own library, in bytes.
_LONGEST_HEADER = 100_000_000
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
    return [p for p in listed if p.endswith(".safetensors") and not _readable(folder / p)]


def _readable(path: Path) -> bool:
    """Read as https://huggingface.co/docs/safetensors describes the format."""
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if length > _LONGEST_HEADER:
                return False
            header = json.loads(stream.read(length))
        ends = [v["data_offsets"][1] for k, v in header.items() if k != "__metadata__"]
        return bool(8 + length + max(ends, default=0) == path.stat().st_size)
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        return False


def _object(path: Path) -> dict[str, Any]:
    value = files.read_json(path)
    if not isinstance(value, dict):
        raise SetupError("file_invalid", path=str(path), detail=type(value).__name__)
    return value
