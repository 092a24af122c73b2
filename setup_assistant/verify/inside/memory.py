"""Peak memory of one check: the GPU's allocator, or this process's resident set."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

_RESET_PEAK = "5"


def reset(device: str) -> None:
    """Forget the peak so far."""
    if device == "cuda":
        import torch

        # What an earlier question left in the allocator's hands is no need of the next one.
        torch.cuda.empty_cache()
        for index in range(torch.cuda.device_count()):
            torch.cuda.reset_peak_memory_stats(index)
        return
    # Documented in proc(5): writing 5 resets the peak resident set of the process itself.
    with contextlib.suppress(OSError), Path("/proc/self/clear_refs").open("w") as stream:
        stream.write(_RESET_PEAK)


def reserved_bytes(device: str) -> int | None:
    """Return the most that the GPU's allocator has held since `reset`, None on a CPU."""
    if device != "cuda":
        return None
    import torch

    return sum(torch.cuda.max_memory_reserved(i) for i in range(torch.cuda.device_count()))


def peak_bytes(device: str) -> int | None:
    """Return the peak since `reset` in bytes, or None where the system does not say."""
    if device == "cuda":
        import torch

        return sum(torch.cuda.max_memory_allocated(i) for i in range(torch.cuda.device_count()))
    with contextlib.suppress(OSError, ValueError), Path("/proc/self/status").open() as stream:
        for line in stream:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    with contextlib.suppress(ImportError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return None
