"""Predicted, rehearsed and measured memory side by side, and why they may be apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from setup_assistant.messages import Message, msg
from setup_assistant.report.receipt import MemoryLine, Receipt
from setup_assistant.units_text import memory_text
from setup_assistant.versions import numbers

# More than this apart is a finding.
LIMIT = 0.15
# Below it the libraries are most of what is measured.
LEAST = 2 << 30
# From this release on each picture's scores are on their own, and none are kept.
_FUSED_SINCE = (4, 54)
# From this driver on Windows lends main memory to a full card, without a word.
_SPILLS_SINCE = (536, 40)


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What may explain a difference: what is installed, what ran, and on what."""

    transformers: str
    planned_dtype: str
    ran: Collection[str] = ()
    capabilities: Sequence[str] = ()
    windows_gpu: bool = False
    driver: str = ""


def finding(receipt: Receipt) -> Message | None:
    """Return what is wrong with the memory of a receipt, None where the figures agree."""
    return verdict(receipt.memory, circumstances(receipt))


def verdict(memory: MemoryLine, about: Circumstances) -> Message | None:
    """Return what is wrong with the memory, None where the figures agree.

    Where it is known what the smoke test was asked, its own prediction counts, both ways. Else
    the questions are smaller than the plan's largest pictures: only more is a finding there. So
    with a rehearsal: it counts both ways, against the prediction of what was rehearsed.
    """
    if not memory.predicted_bytes:
        return None
    of_it, measured = memory.asked_bytes or memory.predicted_bytes, memory.measured_bytes or 0
    if measured > max(LEAST, (1 + LIMIT) * of_it):
        return msg(
            "The model took {percent} % more memory than predicted. {cause}",
            percent=_percent(measured, of_it),
            cause=str(cause(about)),
        )
    if memory.asked_bytes and LEAST < measured < (1 - LIMIT) * of_it:
        return msg(
            "The model took {percent} % less memory than predicted: the plan is more careful than "
            "it need be, and larger pictures may fit.",
            percent=-_percent(measured, of_it),
        )
    if memory.rehearsed_bytes and memory.rehearsed_bytes > LEAST:
        apart = _percent(memory.rehearsed_bytes, memory.trial_bytes or memory.predicted_bytes)
        if abs(apart) > 100 * LIMIT:
            return msg(
                "Rehearsal and prediction are {percent} % apart. {cause}",
                percent=abs(apart),
                cause=str(cause(about)),
            )
    return None


def circumstances(receipt: Receipt) -> Circumstances:
    """Return what a receipt says of them."""
    machine, plan = receipt.machine, receipt.plan
    planned = plan.versions.get("transformers", "")
    return Circumstances(
        transformers=receipt.environment.packages.get("transformers", planned),
        planned_dtype=plan.model.dtype,
        ran={c.dtype for c in receipt.checks if c.suite == "smoke" and c.dtype},
        capabilities=[g.compute_capability for g in machine.gpus if g.compute_capability],
        windows_gpu=machine.os == "Windows" and plan.model.device == "cuda",
        driver=machine.driver or "",
    )


def cause(about: Circumstances) -> Message:
    """Return the likely cause, from what is installed and what the checks ran in."""
    if numbers(about.transformers) < _FUSED_SINCE:
        return msg("Likely cause: transformers before 4.54 keeps the vision tower's scores.")
    if "float32" in about.ran and about.planned_dtype != "float32":
        return msg("Likely cause: the model was loaded in float32.")
    old = any(numbers(part) < (8, 0) for part in about.capabilities)
    if old and "bfloat16" in about.ran:
        return msg("Likely cause: bfloat16 has no fused attention below compute capability 8.0.")
    if about.windows_gpu and numbers(about.driver) >= _SPILLS_SINCE:
        return msg("Likely cause: Windows lends main memory to a full card, which is slow.")
    return msg("The cause is not known: run doctor, and compare the versions with the plan.")


def together(memory: MemoryLine) -> str:
    """Return predicted, rehearsed and measured in one row; `-` for what there is not."""
    three = (memory.predicted_bytes, memory.rehearsed_bytes, memory.measured_bytes)
    return " · ".join("-" if count is None else memory_text(count) for count in three)


def _percent(one: int, other: int) -> int:
    return round(100 * (one / other - 1))
