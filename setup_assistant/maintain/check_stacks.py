"""The rules of `stacks.toml`, `mirrors.toml` and `models/`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from setup_assistant.catalog.mirrors import Mirror
from setup_assistant.catalog.models import Model
from setup_assistant.catalog.stacks import Stacks
from setup_assistant.maintain.fault import Fault, bad_range, numbers, repeated, unordered

STACKS, MIRRORS, MODELS = "stacks.toml", "mirrors.toml", "models"
_FORMS = {
    "packages": {"index"},
    "torch": {"index", "find-links"},
    "conda": {"channel"},
    "weights": {"hub"},
}


def stack_faults(file: Stacks) -> list[Fault]:
    """Return what is wrong: the newest stack first, exact versions, real ranges."""
    found = [
        *repeated(STACKS, "stack.id", [s.id for s in file.stack]),
        *unordered(
            STACKS, "stack.transformers", [s.transformers for s in file.stack], up=False, equal=True
        ),
    ]
    for stack in file.stack:
        place = f"stack({stack.id})"
        found += bad_range(STACKS, f"{place}.python", stack.python)
        for key in ("transformers", "accelerate", "qwen_vl_utils", "modelscope", "torch_min"):
            found += _version(f"{place}.{key}", getattr(stack, key))
    for decoder in file.decoder:
        place = f"decoder({decoder.package})"
        found += bad_range(STACKS, f"{place}.python", decoder.python)
        found += _version(f"{place}.version", decoder.version)
    for name, row in [("quantizer", q) for q in file.quantizer]:
        found += bad_range(STACKS, f"{name}.python", row.python)
    for rows in (file.quantizer, file.companion):
        for row_ in rows:
            for package, version in row_.packages.items():
                found += _version(f"packages.{package}", version)
    return found


def mirror_faults(rows: Sequence[Mirror]) -> list[Fault]:
    """Return what is wrong: each leg has an official source, each torch source a build."""
    official = {m.leg for m in rows if m.region == "official"}
    return [
        *repeated(MIRRORS, "mirror.name", [f"{m.leg}/{m.name}" for m in rows]),
        *(
            Fault(file=MIRRORS, key="mirror", what=f"no official source of {leg}")
            for leg in _FORMS
            if leg not in official
        ),
        *(fault for mirror in rows for fault in _addresses(mirror)),
    ]


def _addresses(mirror: Mirror) -> Iterator[Fault]:
    place = f"mirror({mirror.leg}/{mirror.name})"
    for key in ("url", "probe", "sample"):
        if key == "sample" and not mirror.sample:
            continue
        if not re.match(r"https://[\w.-]+(?:/|$)", getattr(mirror, key)):
            yield Fault(file=MIRRORS, key=f"{place}.{key}", what="no https address")
    if mirror.form not in _FORMS[mirror.leg]:
        yield Fault(file=MIRRORS, key=f"{place}.form", what="another leg's form")
    if ("{build}" in mirror.url) != (mirror.leg == "torch"):
        yield Fault(file=MIRRORS, key=f"{place}.url", what="{build} belongs to torch, only there")


def model_faults(models: Sequence[Model]) -> list[Fault]:
    """Return what is wrong: shapes that hang together, and sizes that they allow."""
    found = list(repeated(MODELS, "size.variants.id", [m.id for m in models]))
    for model in models:
        found += [Fault(file=MODELS, key=model.id, what=what) for what in _contradictions(model)]
    return found


def _contradictions(model: Model) -> Iterator[str]:
    shapes = model.shapes
    if shapes.heads % shapes.kv_heads:
        yield "heads is not a multiple of kv_heads"
    if shapes.params_vision + shapes.params_lang_linear > shapes.params_total:
        yield "its parts have more parameters than the whole"
    if model.quantization == "none" and model.weights_bytes != 2 * shapes.params_total:
        yield "16-bit weights are two bytes per parameter"
    if model.quantization != "none" and model.weights_bytes >= 2 * shapes.params_total:
        yield "quantized weights are smaller than 16-bit ones"
    if not numbers(model.min_transformers):
        yield f"{model.min_transformers!r} is no version"


def _version(key: str, version: str) -> Iterator[Fault]:
    if not numbers(version):
        yield Fault(file=STACKS, key=key, what=f"{version!r} is no version")
