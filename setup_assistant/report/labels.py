"""Words for the names of fields: a person reads "pixel cap", programs read `model.max_pixels`."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath

from setup_assistant.choose.candidates import CANARY
from setup_assistant.choose.plan import Plan, Reason
from setup_assistant.messages import Message, msg
from setup_assistant.report.receipt import Receipt

_FIELDS: dict[str, Message] = {
    "backend": msg("engine"),
    "conda": Message("conda"),
    "decoder": msg("video decoder"),
    "driver": msg("driver"),
    "driver.cuda": msg("the driver's CUDA"),
    "driver.version": msg("driver version"),
    "gpus": msg("GPUs"),
    "machine": msg("machine"),
    "memory.total_bytes": msg("main memory"),
    "model": msg("model"),
    "model.dtype": msg("precision"),
    "model.max_pixels": msg("pixel cap"),
    "model.quantization": msg("quantization"),
    "model.family": msg("family"),
    "packages": msg("packages"),
    "placement": msg("placement"),
    "python": Message("Python"),
    "sizes": msg("sizes"),
    "sources.conda": msg("conda source"),
    "sources.extra_index_urls": msg("further indexes"),
    "sources.packages": msg("package source"),
    "sources.torch": msg("torch source"),
    "sources.weights": msg("weights source"),
    "system": msg("system"),
    "system.glibc": msg("C library"),
    "visible_devices": msg("visible cards"),
    "weights": msg("weights"),
}
_CARDS: dict[str, Message] = {
    "compute_capability": msg("capability of GPU {index}", index=""),
    "memory_free_bytes": msg("free memory of GPU {index}", index=""),
    "memory_total_bytes": msg("memory of GPU {index}", index=""),
    "name": msg("name of GPU {index}", index=""),
}
_DISKS: dict[str, Message] = {
    "site": msg("site's disk"),
    "cache": msg("cache's disk"),
    "temp": msg("temporary disk"),
}
COLON = msg(": ")
_COMPATIBLE: dict[str, Message] = {
    "native": msg("made for this driver's CUDA"),
    "minor-version": msg("by minor-version compatibility"),
    "default-build": msg("the index's default build"),
    "cpu": msg("for the CPU"),
}
STEPS: dict[str, Message] = {
    "environment": msg("Environment"),
    "canary": msg("Canary"),
    "rehearsal": msg("Rehearsal"),
    "weights": msg("Weights"),
    "smoke": msg("Smoke test"),
}
# The terms of a prediction, by the names of `choose.memory`.
TERMS: dict[str, Message] = {
    "weights": msg("weights"),
    "vision": msg("vision tower"),
    "prefill": msg("reading the prompt"),
    "logits": msg("logits"),
    "kv_cache": msg("keys and values"),
    "slack": msg("allocator's slack"),
    "context": msg("CUDA context"),
}
# What was asked, inside a sentence.
ASKED: dict[str, Message] = {
    "image": msg("one image"),
    "image-url": msg("an image by its address"),
    "multi-image": msg("several images"),
    "video": msg("a video"),
}
_CARD = re.compile(r"gpus\[(\w+)\]\.(\w+)")


def field(name: str) -> Message:
    """Return what a person calls a field of a plan or a machine; its name where none is known."""
    if found := _CARD.fullmatch(name):
        label = _CARDS.get(found[2])
        return Message(label.template, {"index": found[1]}) if label else Message(name)
    if name.startswith("disks."):
        return _DISKS.get(name.removeprefix("disks."), Message(name))
    return _FIELDS.get(name, Message(name))


def compatibility(kind: str) -> Message:
    """Return how a torch build goes with the driver, in words."""
    return _COMPATIBLE.get(kind, Message(kind))


def that_concern(plan: Plan) -> tuple[Reason, ...]:
    """Return a plan's warnings; a source of weights is no matter where none are fetched."""
    return tuple(
        w for w in plan.warnings if plan.sizes.weights_bytes or w.about != "sources.weights"
    )


def model_name(model: str) -> Message:
    """Return what a person calls a model: the canary is no real one, and must not pass for it."""
    return msg("test model (canary)") if model == CANARY else Message(model)


def step(name: str) -> Message:
    """Return a step's name."""
    return STEPS.get(name, Message(name))


# Source: the limits named on the Qwen2-VL model cards (all sizes).
LIMITS: tuple[Message, ...] = (
    msg("It does not hear: the sound of a video is not read."),
    msg("Its knowledge ends in June 2023."),
    msg("It is weak at recognising people and brands."),
    msg("It can lose its way in instructions of many steps."),
    msg("It counts unreliably, above all in crowded scenes."),
    msg("It is weak at positions and distances in three-dimensional space."),
)


def is_test(receipt: Receipt) -> bool:
    """Whether only the canary is there, and no real model."""
    return receipt.plan.model.id == CANARY


def model(receipt: Receipt) -> Message:
    """Return what a person calls the model."""
    return model_name(receipt.plan.model.id)


def measured_with(receipt: Receipt) -> Message:
    """Return the label of the memory that was measured."""
    if is_test(receipt):
        return msg("Measured with the test model")
    return msg("Measured with the model")


def command_for_real(receipt: Receipt) -> str:
    """Return the command that puts a real model beside the environment."""
    prefix = PurePath(receipt.environment.prefix)
    site = f" --site {shlex.quote(str(prefix.parent))}" if prefix.name == "env" else ""
    return f"setup-assistant up{site} --model auto"


def runs_on(receipt: Receipt) -> str:
    """Return the device, with its cards by name where they are known."""
    chosen = receipt.plan.model
    names = {g.uuid: g.name for g in receipt.machine.gpus if g.uuid}
    names |= {str(i): g.name for i, g in enumerate(receipt.machine.gpus)}
    cards = [names.get(g, g) for g in chosen.gpus]
    return f"{chosen.device.upper()} · {', '.join(cards)}" if cards else chosen.device.upper()
