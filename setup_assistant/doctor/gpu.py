"""The GPUs: there, alive, not hidden, with room, and with kernels in torch."""

from __future__ import annotations

from setup_assistant.doctor import cuda
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.driver import verdict_check
from setup_assistant.units_text import memory_text

layer = Layered("gpu")
_VERDICTS = ("no_devices", "gpu_lost", "gpu_unreachable", "gpu_forbidden", "gpu_failing",
             "gpu_power")  # fmt: skip
# Below this share of free memory a card that others use is of little use.
_LITTLE = 0.15


@layer.check("visible-devices")
def visible_devices(case: Case) -> Trouble | NotHere | None:
    """Look for a variable that leaves no card; NVML sees the cards all the same."""
    value = case.variables.get("CUDA_VISIBLE_DEVICES")
    cards = [g for g in case.machine.gpus if g.vendor == "nvidia"]
    if value is None or not cards:
        return NOT_HERE
    hidden = [g for g in cards if g.note and "CUDA_VISIBLE_DEVICES" in g.note]
    if not hidden:
        return None
    evidence = (("CUDA_VISIBLE_DEVICES", repr(value)), ("NVML", f"{len(cards)} GPU"))
    if case.gpus:
        # Some are left: that is how cards are chosen.
        return None
    return trouble(*evidence, commands=("unset CUDA_VISIBLE_DEVICES",))


@layer.check("mig-empty")
def mig_empty(case: Case) -> Trouble | NotHere | None:
    """Look for a divided card without slices, which CUDA does not see."""
    cards = [g for g in case.machine.gpus if g.vendor == "nvidia"]
    divided = [g for g in cards if g.mig == "on"]
    if not divided:
        return NOT_HERE
    for card in divided:
        if not any(g.mig not in (None, "on", "off") and g.index == card.index for g in cards):
            return trouble(("NVML", f"GPU {card.index}: MIG on, no slices"), gpu=card.name,
                           commands=(f"sudo nvidia-smi -i {card.index} -mig 0",))  # fmt: skip
    return None


@layer.check("no-kernel", refutable=True, gathers=("cuda",))
def no_kernel(case: Case) -> Trouble | NotHere | None:
    """Compare the build's list of kernels with every card that can be used."""
    from setup_assistant.doctor.builds import (
        parts,
        parts_without_kernels,
        release_of,
        swap_commands,
    )

    install = case.install
    here = parts(case)
    if install is None or install.torch is None or not install.cuda or not here:
        return NOT_HERE
    release = release_of(install.torch.version)
    tag = "cu" + install.cuda.replace(".", "")
    build = next((b for b in release.builds if b.tag == tag), None) if release else None
    if build is None:
        return NOT_HERE
    lacking = parts_without_kernels(case, build, here)
    if not lacking:
        return None
    card = next(g for g in case.gpus if g.compute_capability in lacking)
    return trouble(
        ("recipes/torch.toml", f"torch {release.torch if release else '?'} {tag}"),
        ("NVML", f"{card.name}: compute capability {card.compute_capability}"),
        commands=swap_commands(case),
        torch=f"{install.torch.version}+{install.torch.build}",
        gpu=card.name,
        part=card.compute_capability,
    )


@layer.check("gpu-memory")
def gpu_memory(case: Case) -> Trouble | NotHere | None:
    """Look for cards whose memory is held by others."""
    sized = [g for g in case.gpus if g.memory_total_bytes and g.memory_free_bytes is not None]
    if not sized:
        return NOT_HERE
    for card in sized:
        free, total = card.memory_free_bytes or 0, card.memory_total_bytes or 1
        if free < _LITTLE * total:
            who = ", ".join(f"{p.name or '?'} ({p.pid})" for p in card.processes) or "?"
            return trouble(("NVML", f"GPU {card.index}: {free} bytes free"), ("processes", who),
                           status="warn", gpu=card.name, free=memory_text(free),
                           total=memory_text(total))  # fmt: skip
    return None


CHECKS = (
    *(verdict_check(name, "gpu") for name in _VERDICTS),
    *layer.checks[:2], *cuda.GPU_CHECKS, *layer.checks[2:],
)  # fmt: skip
