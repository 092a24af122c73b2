"""Make a quantized copy of a checkpoint in the layout of the official ones.

    PYTHON tests/verify/quantize.py MODEL TARGET awq|gptq-int4|gptq-int8

Run by the Python of an environment with torch. The linear layers of the language model are
rounded to the nearest of 16 or 256 steps in groups of 128; every other tensor is copied in
float16, under the name that it has on the hub.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

GROUP = 128
# The order in which AWQ's kernels unpack the eight numbers of an int32.
AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)


def rounded(
    weight: torch.Tensor, bits: int, *, symmetric: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return whole numbers (in, out), zero points and scales (in/128, out) of an (out, in)."""
    most = 2**bits - 1
    groups = weight.float().t().reshape(-1, GROUP, weight.shape[0])
    if symmetric:
        scales = groups.abs().amax(1).clamp(min=1e-6) * 2 / most
        zeros = torch.full_like(scales, 2 ** (bits - 1))
    else:
        low, high = groups.amin(1).clamp(max=0), groups.amax(1).clamp(min=0)
        scales = ((high - low) / most).clamp(min=1e-6)
        zeros = (-low / scales).round().clamp(0, most)
    scales = scales.half().float()
    steps = (groups / scales[:, None] + zeros[:, None]).round().clamp(0, most)
    return steps.reshape(-1, weight.shape[0]).long(), zeros.long(), scales.half()


def packed(numbers: torch.Tensor, bits: int, order: tuple[int, ...] | None = None) -> torch.Tensor:
    """Return rows of whole numbers, packed along the last side into int32."""
    each = 32 // bits
    parts = numbers.reshape(numbers.shape[0], -1, each)
    parts = parts[..., list(order)] if order else parts
    shifts = torch.arange(each) * bits
    whole = (parts << shifts).sum(-1)
    return torch.where(whole >= 2**31, whole - 2**32, whole).to(torch.int32)


def awq(weight: torch.Tensor) -> dict[str, torch.Tensor]:
    steps, zeros, scales = rounded(weight, 4, symmetric=False)
    return {
        "qweight": packed(steps, 4, AWQ_ORDER),
        "qzeros": packed(zeros, 4, AWQ_ORDER),
        "scales": scales,
    }


def gptq(weight: torch.Tensor, bits: int) -> dict[str, torch.Tensor]:
    steps, zeros, scales = rounded(weight, bits, symmetric=True)
    return {
        "qweight": packed(steps.t().contiguous(), bits).t().contiguous(),
        # The first version of the format keeps them less one.
        "qzeros": packed(zeros - 1, bits),
        "scales": scales,
        "g_idx": (torch.arange(weight.shape[1]) // GROUP).to(torch.int32),
    }


CONFIGS = {
    "awq": {
        "quant_method": "awq",
        "bits": 4,
        "group_size": GROUP,
        "version": "gemm",
        "zero_point": True,
        "modules_to_not_convert": ["visual"],
    },
    **{
        f"gptq-int{bits}": {
            "quant_method": "gptq",
            "bits": bits,
            "group_size": GROUP,
            "desc_act": False,
            "sym": True,
            "damp_percent": 0.1,
            "true_sequential": True,
        }
        for bits in (4, 8)
    },
}


def main(source: Path, target: Path, kind: str) -> None:
    """Write the quantized copy."""
    target.mkdir(parents=True)
    found: dict[str, torch.Tensor] = {}
    for file in source.glob("*.safetensors"):
        for name, tensor in load_file(file).items():
            if ".layers." in name and name.endswith("proj.weight") and "visual" not in name:
                made = awq(tensor) if kind == "awq" else gptq(tensor, int(kind[-1]))
                stem = name.removesuffix("weight")
                found.update({stem + part: value.contiguous() for part, value in made.items()})
            else:
                found[name] = tensor.half() if tensor.is_floating_point() else tensor
    save_file(found, target / "model.safetensors", {"format": "pt"})
    for file in source.iterdir():
        if file.suffix not in {".safetensors", ""} and not file.name.endswith("index.json"):
            shutil.copy(file, target)
    config = json.loads((source / "config.json").read_text())
    config["quantization_config"] = CONFIGS[kind]
    (target / "config.json").write_text(json.dumps(config))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
