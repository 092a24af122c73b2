"""Whether CUDA itself starts: the results of cuInit, each with its cause in the catalogue."""

from __future__ import annotations

from setup_assistant.catalog import causes
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Check, Look, NotHere, Trouble, trouble
from setup_assistant.doctor.cuda_answer import Cuda
from setup_assistant.doctor.finding import Layer

_UNSET = ("unset LD_LIBRARY_PATH",)
# Causes that a result of cuInit stands for, in the order of blame.
_DRIVER = ("cuda-stub", "fabric-manager", "cuda-driver-mismatch", "mps-down", "cuda-unknown-error")
_GPU = ("gpu-memory-fault", "gpu-busy", "cuda-memory", "cuda-no-device")
_NEEDS = {
    "cuda-no-device": ("no-devices", "mig-empty", "gpu-lost", "gpu-unreachable", "gpu-forbidden"),
}
_MISMATCH = "cuda-driver-mismatch"
_WANTS = ("cuda",)


def _look(name: str, layer: Layer) -> Look:
    def look(case: Case) -> Trouble | NotHere | None:
        found = case.cuda
        if found is None:
            return NOT_HERE
        code = 100 if found.code == 0 and not found.count else found.code
        if not code or code not in causes.find(name, layer).cuda:
            return None
        # Brought along by somebody: no reboot mends that.
        foreign = bool(case.foreign_libcuda) and name == _MISMATCH
        return trouble(*_evidence(found), path=found.path, commands=_UNSET if foreign else ())

    return look


def _evidence(found: Cuda) -> tuple[tuple[str, str], ...]:
    return ((f"cuInit in {found.path}", f"{found.code} {found.text}".strip()),)


def _failed(case: Case) -> Trouble | NotHere | None:
    """Ask for codes that no other check knows."""
    found = case.cuda
    if found is None:
        return NOT_HERE
    if found.died or not found.code:
        return None
    rows = (*causes.layer("driver"), *causes.layer("gpu"))
    if any(found.code in row.cuda for row in rows):
        return None
    return trouble(*_evidence(found), code=found.code, text=found.text or "?")


def _hangs(case: Case) -> Trouble | NotHere | None:
    """Look whether the question itself hung or died."""
    found = case.cuda
    if found is None:
        return NOT_HERE
    if not found.died:
        return None
    return trouble((f"cuInit in {found.path}", found.died), detail=found.died)


def _checks(layer: Layer, names: tuple[str, ...]) -> tuple[Check, ...]:
    return tuple(
        Check(id=name, layer=layer, look=_look(name, layer), needs=_NEEDS.get(name, ()),
              gathers=_WANTS)
        for name in names
    )  # fmt: skip


DRIVER_CHECKS = (
    Check(id="cuda-hangs", layer="driver", look=_hangs, gathers=_WANTS),
    *_checks("driver", _DRIVER),
    Check(id="cuda-failed", layer="driver", look=_failed, gathers=_WANTS),
)
GPU_CHECKS = _checks("gpu", _GPU)
