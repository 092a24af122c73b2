"""The person's own model: whether it has room, and one question to it where it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.messages import msg
from setup_assistant.units_text import memory_text

if TYPE_CHECKING:
    from setup_assistant.doctor.case import Case
    from setup_assistant.verify.results import Verification

layer = Layered("weights")
# What loading takes beside the weights: context, buffers, one picture.
_BESIDE, _SHARE = 1 << 30, 1.1
NEEDS = ("folder-wrong", "lfs-pointer", "html-instead", "config-missing", "config-invalid",
            "weights-missing", "weights-truncated")  # fmt: skip
Room = tuple[Literal["GPU", "CPU"], int, int, str | None]


def room(case: Case) -> Room | None:
    """Return where the model would run, bytes it needs, bytes that are free, and the dtype.

    None where nothing is known of one of them. The dtype is None for the device's usual one.
    """
    if case.model is None:
        return None
    held = sum(header.size for header in case.model.headers.values())
    if not held:
        return None
    if case.gpus and case.install and case.install.cuda:
        free = sum(g.memory_free_bytes or 0 for g in case.gpus)
        return ("GPU", int(held * _SHARE) + _BESIDE, free, None) if free else None
    memory = case.machine.memory
    known = [b for b in (memory.available_bytes, memory.limit_bytes) if b]
    if not known or case.model.config.get("quantization_config"):
        return None
    # float32 is twice what 16-bit files hold; where that is too much, as it is stored.
    wide = 2 if case.model.config.get("torch_dtype", "bfloat16") != "float32" else 1
    need = int(held * wide * _SHARE) + _BESIDE
    if need <= min(known) or wide == 1:
        return "CPU", need, min(known), None
    return "CPU", int(held * _SHARE) + _BESIDE, min(known), "bfloat16"


@layer.check(
    "model-memory",
    cause=msg("The model needs about {need} of memory, and {free} is free on the {device}."),
    advice=msg("Choose a smaller or quantized model, or close what holds the memory."),
    needs=NEEDS,
)
def model_memory(case: Case) -> Trouble | NotHere | None:
    """Compare the weights with the free memory, so that loading them kills nothing."""
    found = room(case)
    if found is None:
        return NOT_HERE
    device, need, free, _dtype = found
    if need <= free:
        return None
    # On a CPU nobody may mean to run it here at all.
    return trouble(("weights", f"{need} bytes"), (device, f"{free} bytes free"), device=device,
                   need=memory_text(need), free=memory_text(free),
                   status="fail" if device == "GPU" else "warn")  # fmt: skip


def run(case: Case) -> Verification | None:
    """Load the model inside the environment and ask it one question; None where that cannot be."""
    found, sound = room(case), case.verification
    if found is None or sound is None or case.model is None or case.prefix is None:
        return None
    device, need, free, dtype = found
    first = case.gpus[0].memory_free_bytes or 0 if device == "GPU" else free
    broken = any(c.status == "fail" for c in sound.checks if c.kind in ("imports", "device"))
    if need > first or broken:
        return None
    from setup_assistant.verify.run import verify

    return verify(
        case.prefix,
        model=case.model.path,
        device="cuda" if device == "GPU" else "cpu",
        dtype=dtype,
        trust_unchanged=True,
        questions=1,
    )


CHECKS = tuple(layer.checks)
