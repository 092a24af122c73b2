"""What Python programs print of the card they run on: environment reports and start banners."""

from __future__ import annotations

import re

from setup_assistant.machine.reading import Card, Reading
from setup_assistant.units_text import GIB, MIB

# transformers-cli env, accelerate env, llamafactory-cli env: "- GPU type: NVIDIA A100-SXM4-80GB"
_TYPE = re.compile(r"^ *-? *GPU type: *(?P<name>\S.*?) *$", re.MULTILINE)
_NUMBER = re.compile(r"^ *-? *(?:GPU number|Num GPUs): *(\d+)", re.MULTILINE)
_MEMORY = re.compile(r"^ *-? *GPU memory: *([\d.]+) ?GB", re.MULTILINE)
# diffusers-cli env: "- Accelerator: NVIDIA GeForce RTX 3090, 24576 MiB", one more a line below.
_ACCELERATOR = re.compile(
    r"^(?:- Accelerator: )?(?P<name>(?:NVIDIA|Tesla|Quadro|GeForce) [^,\n]+), (?P<mib>\d+) MiB$",
    re.MULTILINE,
)
_VRAM = re.compile(r"\bTotal VRAM (\d+) MB")
_DEVICE = re.compile(r"\bDevice: cuda:(\d+) (?P<name>[^\n:]+?)(?: :|$)", re.MULTILINE)
# As in: "NVIDIA GeForce RTX 4090. Num GPUs = 2. Max memory: 23.65 GB. Platform: Linux."
_UNSLOTH = re.compile(
    r"(?P<name>(?:NVIDIA|Tesla|Quadro|GeForce) [^.\n]+?)\.\s+(?:Num GPUs = (?P<count>\d+)\.\s+)?"
    r"Max memory: (?P<gb>[\d.]+) GB"
)
_CAPABILITY = re.compile(r"Torch: \S+\.\s+CUDA(?: =|:) (\d{1,2}\.\d)\b")


def environment(text: str) -> Reading:
    """Return the cards of an environment report; all are alike there."""
    listed = list(_ACCELERATOR.finditer(text))
    if listed:
        cards = [
            Card(index=n, name=m["name"], total_bytes=int(m["mib"]) * MIB)
            for n, m in enumerate(listed)
        ]
        return Reading(source="nvidia-smi", cards=tuple(cards))
    kind, count, memory = _TYPE.search(text), _NUMBER.search(text), _MEMORY.search(text)
    if kind is None:
        return Reading(source="nvidia-smi")
    total = int(float(memory[1]) * GIB) if memory else None
    card = Card(name=kind["name"], total_bytes=total)
    return _alike(card, int(count[1]) if count else 1)


def comfyui(text: str) -> Reading:
    """Return the card that ComfyUI found when it started."""
    device, memory = _DEVICE.search(text), _VRAM.search(text)
    if device is None:
        return Reading(source="nvidia-smi")
    card = Card(
        index=int(device[1]),
        name=device["name"].strip(),
        total_bytes=int(memory[1]) * MIB if memory else None,
    )
    return Reading(source="nvidia-smi", cards=(card,))


def unsloth(text: str) -> Reading:
    """Return the cards of Unsloth's banner, which calls the compute capability CUDA."""
    found, capability = _UNSLOTH.search(text), _CAPABILITY.search(text)
    if found is None:
        return Reading(source="nvidia-smi")
    card = Card(
        name=found["name"],
        total_bytes=int(float(found["gb"]) * GIB),
        compute_capability=capability[1] if capability else None,
    )
    return _alike(card, int(found["count"] or 1))


def _alike(card: Card, count: int) -> Reading:
    from dataclasses import replace

    return Reading(
        source="nvidia-smi", cards=tuple(replace(card, index=n) for n in range(min(count, 64)))
    )
