"""What CUDA's functions return, and the cause that each stands for: `recipes/cuda_results.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from setup_assistant.catalog.folder import Sourced, read


@dataclass(frozen=True, kw_only=True)
class Result:
    """One result.

    Args:
        number: its value, the same in the runtime and in the driver.
        names: what the runtime and the driver call it.
        said: the sentence that `cudaGetErrorString` gives, or its beginning.
        cause: the id of the cause in `causes/`.
    """

    number: int
    names: tuple[str, ...]
    said: str
    cause: str


@dataclass(frozen=True, kw_only=True)
class CudaResults(Sourced):
    """The whole recipe."""

    result: tuple[Result, ...]


@cache
def load(folder: Path | None = None) -> CudaResults:
    """Return every result."""
    return read("cuda_results.toml", CudaResults, folder)
