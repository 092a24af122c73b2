"""The check `device`: kernels really run on it, and their numbers are right."""

from __future__ import annotations

import os
from pathlib import Path

from inside.explain import explain
from inside.lines import JSON, Fault

_SIZE = 256
# Largest allowed difference to float32 on the CPU, relative to the largest value.
_TOLERANCE = {"float32": 1e-2, "float16": 2e-2, "bfloat16": 6e-2}
_DRIVER_SIGNS = ("/proc/driver/nvidia/version", "/dev/nvidia0", "/dev/dxg")


def choose(wanted: str) -> str:
    """Return the device to use: `wanted`, or for "auto" the GPU where torch can use one.

    Raises:
        Fault: a GPU is wanted, or is plainly there, and torch cannot use it.
    """
    import torch

    if wanted == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    there = [sign for sign in _DRIVER_SIGNS if Path(sign).exists()]
    if wanted == "auto" and (not there or os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")):
        return "cpu"
    values = {"torch": torch.__version__}
    if torch.version.cuda is None:
        raise Fault("cpu-build", "torch.version.cuda is None", *there, **values)
    try:
        torch.cuda.init()
    except Exception as error:
        raise explain(error, "device-failed", **values) from error
    raise Fault("cuda-no-device", "torch.cuda.is_available() is False", **values)


def usual_dtype(device: str) -> str:
    """Return float32 on the CPU, bfloat16 where every GPU computes in it, else float16."""
    import torch

    if device == "cpu":
        return "float32"
    weakest = min(torch.cuda.get_device_capability(i) for i in range(torch.cuda.device_count()))
    return "bfloat16" if weakest >= (8, 0) else "float16"


def check(device: str, dtype: str) -> JSON:
    """Return the fields of the check `device`; `dtype` is the one that the model will use."""
    import torch

    evidence = [describe(device)]
    for index in range(torch.cuda.device_count() if device == "cuda" else 1):
        place = f"cuda:{index}" if device == "cuda" else "cpu"
        for name in dict.fromkeys(("float32", dtype)):
            try:
                run(place, name)
            except Fault:
                raise
            except Exception as error:
                raise explain(
                    error, "device-failed", torch=torch.__version__, gpu=describe(device)
                ) from error
        evidence.append(
            f"{place}: matmul, conv3d and attention agree with the CPU "
            f"({', '.join(dict.fromkeys(('float32', dtype)))})"
        )
    return {"evidence": evidence}


def describe(device: str) -> str:
    """Return one line about the device."""
    import torch

    if device == "cpu":
        return f"CPU, {torch.get_num_threads()} threads"
    cards = []
    for index in range(torch.cuda.device_count()):
        card = torch.cuda.get_device_properties(index)
        cards.append(f"{card.name} (compute capability {card.major}.{card.minor})")
    return ", ".join(cards)


def run(place: str, name: str) -> None:
    """Run the model's three kinds of kernel and compare them with float32 on the CPU."""
    import torch

    dtype = getattr(torch, name)
    random = torch.Generator().manual_seed(7)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random) / 4

    functional = torch.nn.functional
    operations = {
        # A patch embedding, two temporal steps of 14 x 14 pixels, as in the vision tower.
        "conv3d": (functional.conv3d, (draw(8, 3, 2, 14, 14), draw(32, 3, 2, 14, 14))),
        "matmul": (torch.matmul, (draw(_SIZE, _SIZE), draw(_SIZE, _SIZE))),
        "attention": (
            functional.scaled_dot_product_attention,
            (draw(1, 4, 64, 32), draw(1, 4, 64, 32), draw(1, 4, 64, 32)),
        ),
    }
    for label, (operation, inputs) in operations.items():
        expected = operation(*inputs)
        made = operation(*(i.to(place, dtype) for i in inputs))
        if place != "cpu":
            torch.cuda.synchronize(place)
        made = made.float().cpu()
        distance = float((made - expected).abs().max() / expected.abs().max())
        if not distance <= _TOLERANCE.get(name, 6e-2):  # also true for NaN
            raise Fault(
                "wrong-kernel",
                f"{label} in {name} on {place} is off by {distance:.3g}",
                operation=label,
                dtype=name,
                device=place,
            )
