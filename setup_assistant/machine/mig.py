"""MIG slices: each is a GPU of its own for CUDA, with a profile such as "1g.10gb"."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from setup_assistant.machine.facts import Gpu
from setup_assistant.machine.reading import Card
from setup_assistant.units_text import GIB

# Multiprocessors of the smallest slice. Source: NVIDIA MIG User Guide, supported profiles.
_PER_SEVENTH = {"A100": 14, "A30": 14, "H100": 16, "H200": 16}
# Where a profile's size is an eighth of this many gigabytes rather than of the card's GiB.
_NOMINAL_GB = {"H200": 141}
# Which slices an amount of memory (in eighths of the card's) comes with.
_SLICES_OF = {1: (1,), 2: (1, 2), 4: (3, 4), 8: (7,)}


def slice_of(card: Gpu, piece: Card) -> Gpu:
    """Return one slice of `card` as a GPU; it inherits everything but name, memory, UUID."""
    profile = piece.mig or _profile(card, piece) or "slice"
    return replace(
        card,
        name=f"{card.name} MIG {profile}" if profile != "slice" else f"{card.name} MIG",
        uuid=piece.uuid,
        memory_total_bytes=piece.total_bytes or of_profile(profile),
        memory_free_bytes=piece.free_bytes,
        mig=profile,
        unified_memory=False,
        compute_mode=None,
        usable=piece.trouble is None,
        note=piece.trouble,
        processes=piece.processes,
    )


def _profile(card: Gpu, piece: Card) -> str | None:
    """Return the profile by size where the source did not name it, for cards seen so far.

    A slice's memory is a little under its nominal size, so it is rounded up.
    """
    word = next((w for w in _PER_SEVENTH if w in card.name), None)
    if word is None or not piece.multiprocessors or not piece.total_bytes:
        return None
    sevenths = min(7, piece.multiprocessors // _PER_SEVENTH[word])
    if word not in _NOMINAL_GB:
        return f"{sevenths}g.{math.ceil(piece.total_bytes / GIB)}gb"
    eighths = (
        round(8 * piece.total_bytes / card.memory_total_bytes) if card.memory_total_bytes else 0
    )
    if sevenths not in _SLICES_OF.get(eighths, ()):
        # Several compute instances share this memory: each is less than its profile says.
        return None
    return f"{sevenths}g.{int(_NOMINAL_GB[word] * eighths / 8 + 0.5)}gb"


def of_profile(profile: str) -> int | None:
    """Return the nominal bytes of a profile such as "1g.10gb"."""
    found = re.search(r"\.(\d+)gb", profile)
    return int(found[1]) * GIB if found else None
