"""Import torch and what belongs to it in a child of the environment, and compute once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.host.prefix import python_in

_DEADLINE = 120.0
# Lines of the child's last words that are kept: a traceback is never so long.
_KEPT = 60
_PROGRAM = """
import sys
for name in ("torch", *sys.argv[2:]):
    print(name, flush=True)
    __import__(name)
import torch
device = sys.argv[1]
value = (torch.ones(8, 8, device=device) @ torch.ones(8, 8, device=device)).sum().item()
assert value == 512.0, value
if "torchvision" in sys.argv[2:]:
    import torchvision.ops
    torchvision.ops.nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([1.0]), 0.5)
"""


@dataclass(frozen=True, kw_only=True)
class TorchRun:
    """What came of it: the device; where it failed, the last words and what was imported last."""

    ok: bool
    device: str
    text: str = ""
    last: str = "torch"


def run(prefix: Path, modules: tuple[str, ...], device: str, env: Mapping[str, str]) -> TorchRun:
    """Return what happens when torch is used.

    Args:
        prefix: the environment.
        modules: what else is imported, e.g. torchvision.
        device: `cpu` or `cuda`.
        env: the person's variables.
    """
    from setup_assistant.host import run as door

    words = [str(python_in(prefix)), "-c", _PROGRAM, device, *modules]
    done = door.run(words, deadline=_DEADLINE, env=dict(env), cwd=prefix)
    said = "\n".join(done.err.splitlines()[-_KEPT:])
    if done.timed_out:
        said += "\nno answer in time"
    elif done.code < 0:
        said += f"\npython ended with signal {-done.code}"
    last = (done.out.split() or ["torch"])[-1]
    return TorchRun(ok=done.ok, device=device, text=said.strip(), last=last)
