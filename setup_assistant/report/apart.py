"""Predicted, rehearsed and measured memory side by side, and why they may be apart."""

from __future__ import annotations

import re

from setup_assistant.report.receipt import Receipt
from setup_assistant.words import Message, msg

# More than this apart is a finding.
LIMIT = 0.15
# From this release on each picture's scores are on their own, and none are kept.
_FUSED_SINCE = (4, 54)
# From this driver on Windows lends main memory to a full card, without a word.
_SPILLS_SINCE = (536, 40)


def finding(receipt: Receipt) -> Message | None:
    """Return what is wrong with the memory, None where the figures agree.

    The model's own questions are smaller than the plan's largest pictures: only more than
    predicted is a finding there. A rehearsal has the planned sizes: it counts both ways.
    """
    memory = receipt.memory
    if not memory.predicted_bytes:
        return None
    if memory.measured_bytes and memory.measured_bytes > (1 + LIMIT) * memory.predicted_bytes:
        return msg(
            "The model took {percent} % more memory than predicted. {cause}",
            percent=_percent(memory.measured_bytes, memory.predicted_bytes),
            cause=str(cause(receipt)),
        )
    if memory.rehearsed_bytes:
        apart = _percent(memory.rehearsed_bytes, memory.predicted_bytes)
        if abs(apart) > 100 * LIMIT:
            return msg(
                "Rehearsal and prediction are {percent} % apart. {cause}",
                percent=abs(apart),
                cause=str(cause(receipt)),
            )
    return None


def cause(receipt: Receipt) -> Message:
    """Return the likely cause, from what is installed and what the checks ran in."""
    if _numbers(receipt.plan.versions.get("transformers", "")) < _FUSED_SINCE:
        return msg("Likely cause: transformers before 4.54 keeps the vision tower's scores.")
    ran = {c.dtype for c in receipt.checks if c.suite == "smoke" and c.dtype}
    if "float32" in ran and receipt.plan.model.dtype != "float32":
        return msg("Likely cause: the model was loaded in float32.")
    parts = [g.compute_capability for g in receipt.machine.gpus if g.compute_capability]
    old = any(_numbers(p) < (8, 0) for p in parts)
    if old and "bfloat16" in ran:
        return msg("Likely cause: bfloat16 has no fused attention below compute capability 8.0.")
    windows = receipt.machine.os == "Windows" and receipt.plan.model.device == "cuda"
    if windows and _numbers(receipt.machine.driver or "") >= _SPILLS_SINCE:
        return msg("Likely cause: Windows lends main memory to a full card, which is slow.")
    return msg("The cause is not known: run doctor, and compare the versions with the plan.")


def _percent(one: int, other: int) -> int:
    return round(100 * (one / other - 1))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", version)[:2])
