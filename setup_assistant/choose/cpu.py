"""Running on the CPU: how much main memory there is for it, and in which dtype."""

from __future__ import annotations

from dataclasses import replace

from setup_assistant.catalog.models import Model
from setup_assistant.choose.candidates import Ground
from setup_assistant.choose.memory import Setting, estimate
from setup_assistant.choose.workloads import comfortable, least
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Memory
from setup_assistant.units_text import GIB

SHARE = 0.10


def budget(memory: Memory) -> int | None:
    """Return the bytes of main memory for a model, None where they are not known.

    What is available (or the container's limit, if less) less max(1 GiB, 10 %).
    """
    known = [b for b in (memory.available_bytes, memory.limit_bytes) if b is not None]
    if not known and memory.total_bytes is not None:
        known = [int(memory.total_bytes * 0.85)]
    if not known:
        return None
    room = min(known)
    return max(0, room - max(GIB, int(room * SHARE)))


def setting(ground: Ground, model: Model, room: int | None) -> Setting:
    """Return how a model runs on the CPU: float32 where it fits, else bfloat16.

    Most CPUs compute bfloat16 by converting; float32 is faster and needs twice the memory.

    Raises:
        SetupError: `kernels_missing` for quantized models, `memory_too_small`.
    """
    if model.quantization != "none":
        raise SetupError("kernels_missing", model=model.id, gpus="CPU")
    wide = replace(ground.setting(model, ()), dtype="float32")
    if room is None or estimate(model, comfortable(model.vision), wide).total <= room:
        return wide
    narrow = replace(wide, dtype="bfloat16")
    need = estimate(model, least(model.vision), narrow).total
    if need > room:
        raise SetupError(
            "memory_too_small",
            model=model.id,
            need=f"{need / GIB:.1f} GiB",
            have=f"{room / GIB:.1f} GiB",
        )
    return narrow
