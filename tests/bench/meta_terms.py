"""The activation terms of the formula against the installed transformers, counted op by op.

Run by tests/choose/test_meta_terms.py with the Python of an environment; reads architectures
as JSON from standard input. The language model runs on the meta device, where nothing is
computed; the vision tower, which reads its grids, runs on the CPU with two of its layers. Every
storage is counted from its making to its end, so that the peak is exact: bytes per patch, and
per token of the prompt.
"""

from __future__ import annotations

import contextlib
import json
import sys
import weakref
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "setup_assistant" / "verify")]

import torch  # noqa: E402
import transformers  # noqa: E402
from inside.dummies import configuration  # type: ignore[import-not-found] # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

# transformers 4.x switches automatic casts off for the device in hand, and torch knows none for
# "meta": what is switched off may as well not be there.
torch.autocast = lambda *_, **__: contextlib.nullcontext()


class Counter(TorchDispatchMode):
    """Counts the bytes of the storages that live; `peak` is the most at any time."""

    def __init__(self, known: list[torch.Tensor]) -> None:
        super().__init__()
        self._seen: dict[int, int] = {}
        self._known = {t.untyped_storage()._cdata for t in known}
        self.live = self.peak = 0

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        out = function(*args, **(kwargs or {}))
        for leaf in tree_leaves(out):
            if isinstance(leaf, torch.Tensor):
                self._add(leaf)
        return out

    def _add(self, tensor: torch.Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._known or key in self._seen:
            return
        size = storage.nbytes()
        self._seen[key] = size
        self.live += size
        self.peak = max(self.peak, self.live)
        weakref.finalize(storage, self._drop, key)

    def _drop(self, key: int) -> None:
        self.live -= self._seen.pop(key, 0)


def vision_peak(model: Any, side: int, numbers: int) -> int:
    """Return the peak of the vision tower over a picture of side x side patches."""
    dtype = next(model.parameters()).dtype
    pixels = torch.zeros(side * side, numbers, dtype=dtype)
    grid = torch.tensor([[1, side, side]])
    with torch.inference_mode(), Counter([pixels, grid, *model.parameters()]) as counter:
        model(pixels, grid_thw=grid)
    return counter.peak


def prompt_peak(model: Any, tokens: int) -> int:
    """Return the peak of reading a prompt of so many tokens, keys and values included."""
    ids = torch.zeros(1, tokens, dtype=torch.long, device="meta")
    places = torch.zeros(3, 1, tokens, dtype=torch.long, device="meta")
    with torch.inference_mode(), Counter([ids, places, *model.parameters()]) as counter:
        out = model(input_ids=ids, position_ids=places, use_cache=True, logits_to_keep=1)
    del out
    return counter.peak


def build(architecture: dict[str, Any], *, depth: int | None, device: str) -> Any:
    about = json.loads(json.dumps(architecture))
    if depth:
        about["vision"]["depth"] = depth
        # Only the tower is run: words and their layers need not be drawn at random.
        about["text"] |= {"num_hidden_layers": 1, "vocab_size": 64, "intermediate_size": 64}
    config = configuration(about)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(device):
        model = getattr(transformers, architecture["class"])._from_config(config)
    torch.set_default_dtype(torch.float32)
    return model.eval()


def terms(architecture: dict[str, Any], numbers: int) -> dict[str, float]:
    """Return bytes per patch and per token, as slopes between two sizes."""
    small = build(architecture, depth=2, device="cpu")
    tower = getattr(small, "visual", None) or small.model.visual
    here, there = vision_peak(tower, 16, numbers), vision_peak(tower, 32, numbers)
    whole = build(architecture, depth=None, device="meta")
    low, high = prompt_peak(whole, 1024), prompt_peak(whole, 4096)
    return {
        "vision_per_patch": (there - here) / (1024 - 256),
        "prompt_per_token": (high - low) / 3072,
    }


def main() -> None:
    request = json.loads(sys.stdin.read())
    found = {name: terms(a["architecture"], a["numbers"]) for name, a in request.items()}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
