"""A model without its weights, and prompts without pictures: real shapes, constant numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inside.lines import JSON, Fault
from inside.versions import release

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

# Small enough that no dtype overflows, far from the slow denormal numbers.
_CONSTANT = 2.0**-10
# From this release on the language model's settings have a part of their own.
_NESTED_SINCE = (4, 52)


def build(request: JSON, device: str) -> tuple[PreTrainedModel, list[str]]:
    """Return the model on its device with constant weights, and one line per place used."""
    import torch
    import transformers

    config = configuration(request["architecture"])
    usual = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, request["dtype"]))
    try:
        with torch.device("meta"):
            kind = getattr(transformers, request["architecture"]["class"])
            model = kind._from_config(config)  # noqa: SLF001
    finally:
        torch.set_default_dtype(usual)
    if request.get("bits"):
        from inside.packed_layers import pack

        pack(model, request["bits"], nested=request.get("quantization") == "nf4")
    model.eval()
    model.generation_config = transformers.GenerationConfig()
    places = _place(model, request.get("max_memory") or {}, device)
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data.fill_(_CONSTANT if tensor.is_floating_point() else 0)
    return model, places


def configuration(architecture: JSON) -> object:
    """Return the transformers configuration of an architecture.

    Raises:
        Fault: `transformers-mismatch` where this transformers does not know the model type.
    """
    import transformers

    kind, top = architecture["model_type"], dict(architecture["top"])
    if release(transformers.__version__) >= _NESTED_SINCE:
        top["text_config"] = architecture["text"]
    else:
        top |= architecture["text"]
    try:
        return transformers.AutoConfig.for_model(kind, vision_config=architecture["vision"], **top)
    except ValueError as error:
        raise Fault(
            "transformers-mismatch", str(error), need=kind, transformers=transformers.__version__
        ) from error


def inputs(case: JSON, request: JSON, model: PreTrainedModel) -> dict[str, Tensor]:
    """Return what a processor would give for the grids of a case (steps, height, width).

    input_ids and mm_token_type_ids: (1, prompt) of int64; pixel values: (patches, channels x
    frames x side x side) of float32; grids: (count, 3) of int64.
    """
    import torch

    tokens, pixels = request["architecture"]["tokens"], request["patch_numbers"]
    merge = request["merge"] ** 2
    ids, kinds = [tokens["text"]] * case["text_tokens"], [0] * case["text_tokens"]
    found: dict[str, Tensor] = {}
    for kind, mark, name in (("images", 1, "image"), ("videos", 2, "video")):
        grids = case[kind]
        for steps, height, width in grids:
            # Qwen3-VL reads every time step of a video between markers of its own.
            parts = steps if kind == "videos" and request["steps_apart"] else 1
            count = steps * height * width // merge // parts
            for _ in range(parts):
                ids += [tokens["start"], *[tokens[name]] * count, tokens["end"]]
                kinds += [0, *[mark] * count, 0]
        if grids:
            patches = sum(steps * height * width for steps, height, width in grids)
            prefix = "pixel_values" if kind == "images" else "pixel_values_videos"
            found[prefix] = torch.full((patches, pixels), 0.5)
            found[f"{name}_grid_thw"] = torch.tensor(grids)
    found["input_ids"] = torch.tensor([ids])
    found["attention_mask"] = torch.ones_like(found["input_ids"])
    if _takes_kinds(model):
        found["mm_token_type_ids"] = torch.tensor([kinds])
    return {name: tensor.to(model.device) for name, tensor in found.items()}


def _takes_kinds(model: PreTrainedModel) -> bool:
    import inspect

    return "mm_token_type_ids" in inspect.signature(type(model).forward).parameters


def _place(model: PreTrainedModel, limits: dict[str, int], device: str) -> list[str]:
    """Give every tensor memory: on one device, or spread as `device_map="auto"` would."""
    if device == "cpu" or len(limits) < 2:
        place = "cuda:0" if device == "cuda" else "cpu"
        model.to_empty(device=place)
        model.tie_weights()
        return [f"{place}: the whole model"]
    from accelerate import dispatch_model, infer_auto_device_map

    model.tie_weights()
    where = infer_auto_device_map(
        model,
        max_memory={int(index): size for index, size in limits.items()},
        no_split_module_classes=list(model._no_split_modules or ()),  # noqa: SLF001
    )
    outside = sorted({str(place) for place in where.values() if not isinstance(place, int)})
    if outside:
        raise Fault("offloaded", f"weights lie on {', '.join(outside)}")
    for name, index in where.items():
        model.get_submodule(name).to_empty(device=f"cuda:{index}")
    model.tie_weights()
    dispatch_model(model, device_map=where)
    counts: dict[int, int] = {}
    for index in where.values():
        counts[index] = counts.get(index, 0) + 1
    return [f"cuda:{index}: {count} modules" for index, count in sorted(counts.items())]
