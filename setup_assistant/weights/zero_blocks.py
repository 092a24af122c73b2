"""Blocks of zeros in a file: what a disk holds where the power went before the bytes came."""

from __future__ import annotations

import contextlib
from pathlib import Path

# The smallest unit in which file systems lose bytes.
BLOCK = 4096
_READ = 1 << 20
_ZEROS = bytes(_READ)
# How many blocks are looked at where not all are.
_SAMPLES = 256


def zero_block(path: Path) -> int | None:
    """Return the offset of the first block of zeros; None where there is none.

    A file that is shorter than a block and all zeros counts as one; an empty file does not.
    """
    at = 0
    with path.open("rb") as stream:
        while data := stream.read(_READ):
            if (found := _in(data)) is not None:
                return at + found
            at += len(data)
    return None


def zero_sample(path: Path) -> int | None:
    """Return the offset of a block of zeros among some, the last one included."""
    with contextlib.suppress(OSError), path.open("rb") as stream:
        blocks: int = -(-path.stat().st_size // BLOCK)
        step = max(1, blocks // _SAMPLES)
        for block in [*range(0, blocks, step), blocks - 1]:
            stream.seek(max(0, block) * BLOCK)
            if _is_zero(stream.read(BLOCK)):
                return int(block) * BLOCK
    return None


def _in(data: bytes) -> int | None:
    if len(data) >= BLOCK and b"\0" * BLOCK not in data:
        # No run of zeros that long: at most the tail is a short block of them.
        tail = len(data) // BLOCK * BLOCK
        return tail if _is_zero(data[tail:]) else None
    return next((at for at in range(0, len(data), BLOCK) if _is_zero(data[at : at + BLOCK])), None)


def _is_zero(block: bytes) -> bool:
    return bool(block) and block == _ZEROS[: len(block)]
