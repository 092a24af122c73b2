"""The person's own model: whether it has room, and one question to it where it has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.machine.facts import Gpu, Memory
from setup_assistant.units_text import memory_text
from setup_assistant.verify.results import Verification
from setup_assistant.weights.model_folder import ModelFolder

layer = Layered("weights")
# What loading takes beside the weights: context, buffers, one picture.
_BESIDE, _SHARE = 1 << 30, 1.1
NEEDS = ("folder-wrong", "lfs-pointer", "html-instead", "config-missing", "config-invalid",
            "weights-missing", "weights-truncated")  # fmt: skip
Room = tuple[Literal["GPU", "CPU"], int, int, str | None]


def room_of(case: Case) -> Room | None:
    """Return the room that the case's model has."""
    on_gpu = bool(case.gpus and case.install and case.install.cuda)
    return room(case.model, case.machine.memory, case.gpus if on_gpu else ())


def room(model: ModelFolder | None, memory: Memory, gpus: Sequence[Gpu]) -> Room | None:
    """Return where a model would run, bytes it needs, bytes that are free, and the dtype.

    None where nothing is known of one of them. The dtype is None for the device's usual one.

    Args:
        model: its folder.
        memory: main memory, for a run on the processor.
        gpus: those that torch can use; none for a run on the processor.
    """
    held = sum(header.size for header in model.headers.values()) if model else 0
    if model is None or not held:
        return None
    if gpus:
        free = sum(g.memory_free_bytes or 0 for g in gpus)
        return ("GPU", int(held * _SHARE) + _BESIDE, free, None) if free else None
    known = [b for b in (memory.available_bytes, memory.limit_bytes) if b]
    if not known or model.config.get("quantization_config"):
        return None
    # float32 is twice what 16-bit files hold; where that is too much, as it is stored.
    wide = 2 if model.config.get("torch_dtype", "bfloat16") != "float32" else 1
    need = int(held * wide * _SHARE) + _BESIDE
    if need <= min(known) or wide == 1:
        return "CPU", need, min(known), None
    return "CPU", int(held * _SHARE) + _BESIDE, min(known), "bfloat16"


@layer.check("model-memory", needs=NEEDS)
def model_memory(case: Case) -> Trouble | NotHere | None:
    """Compare the weights with the free memory, so that loading them kills nothing."""
    found = room_of(case)
    if found is None:
        return NOT_HERE
    device, need, free, _dtype = found
    if need <= free:
        return None
    # On a CPU nobody may mean to run it here at all.
    return trouble(("weights", f"{need} bytes"), (device, f"{free} bytes free"), device=device,
                   need=memory_text(need), free=memory_text(free),
                   status="fail" if device == "GPU" else "warn")  # fmt: skip


def run(
    prefix: Path | None,
    model: ModelFolder | None,
    room: Room | None,
    sound: Verification | None,
    *,
    first_free: int | None,
) -> Verification | None:
    """Load a model inside an environment and ask it one question; None where that cannot be.

    Args:
        prefix: the environment.
        model: the model's folder.
        room: where it has room.
        sound: what else ran there.
        first_free: bytes that are free on the first GPU.
    """
    if room is None or sound is None or model is None or prefix is None:
        return None
    device, need, free, dtype = room
    first = (first_free or 0) if device == "GPU" else free
    broken = any(c.status == "fail" for c in sound.checks if c.kind in ("imports", "device"))
    if need > first or broken:
        return None
    from setup_assistant.verify.run import verify

    return verify(
        prefix,
        model=model.path,
        device="cuda" if device == "GPU" else "cpu",
        dtype=dtype,
        trust_unchanged=True,
        questions=1,
    )


CHECKS = tuple(layer.checks)
