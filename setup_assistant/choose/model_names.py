"""The ids that people type, and what is known and what is assumed of the model behind each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from setup_assistant.catalog.models import Model
from setup_assistant.catalog.recipes import Recipes
from setup_assistant.errors import SetupError
from setup_assistant.versions import at_least

# Parts of a hub id that change nothing about shapes: another training of the same model.
_SAME_SHAPE = ("thinking", "base")
# FP8 keeps one byte a weight, and a scale in 32 bits for every block of 128 x 128.
_FP8_BLOCK = 128 * 128


def named(recipes: Recipes, wish: str, transformers: str) -> Model:
    """Return the model that a person named.

    Raises:
        SetupError: `model_unknown`, or `model_too_new` for the transformers that runs here.
    """
    model = find(recipes.models, wish)
    if model is None:
        raise SetupError("model_unknown", model=wish, known=", ".join(m.id for m in recipes.models))
    if not at_least(transformers, model.min_transformers):
        raise SetupError(
            "model_too_new", model=model.id, need=model.min_transformers, have=transformers
        )
    return model


def find(models: Sequence[Model], wish: str) -> Model | None:
    """Return the model of an id as it stands on the hub, or as it is spoken.

    Of a base model, a Thinking or an FP8 checkpoint the shape is that of the instructed one; its
    files are its own, and their sums are not known. Without an owner in front, a short name
    means the instructed model.
    """
    wanted = wish.strip().lower()
    for model in models:
        if wanted in {model.id.lower(), model.id.split("/")[-1].lower()}:
            return model
    known = {_key(m.id): m for m in models}
    if found := known.get(_key(wanted)):
        other = wanted.startswith("qwen/") and "instruct" not in wanted
        base = other and found.quantization == "none"
        return _sibling(found, _spelled(found, "")) if base else found
    plain = _key(re.sub(r"[-_ ](?:thinking|base|fp8)\b", "", wanted))
    found = known.get(plain)
    if found is None or found.quantization != "none":
        return None
    thinks = "-Thinking" if "thinking" in wanted else "-Instruct"
    if "fp8" in wanted:
        return _in_fp8(found, _spelled(found, f"{thinks}-FP8"))
    if any(word in wanted for word in _SAME_SHAPE):
        return _sibling(found, _spelled(found, "" if "base" in wanted else thinks))
    return None


def _key(text: str) -> str:
    """Return a name as it is compared: without owner, separators and the word Instruct."""
    plain = re.sub(r"[^a-z0-9.]", "", text.lower().split("/")[-1])
    return plain.replace("instruct", "")


def _spelled(model: Model, end: str) -> str:
    return model.id.removesuffix("-Instruct") + end


def _sibling(model: Model, name: str) -> Model:
    """Return a model of the same shape whose files are others."""
    return replace(model, id=name, sums=None, auto=False)


def _in_fp8(model: Model, name: str) -> Model:
    linear = model.shapes.params_lang_linear
    size = 2 * (model.shapes.params_total - linear) + linear + 4 * linear // _FP8_BLOCK
    return replace(
        _sibling(model, name), quantization="fp8", weights_bytes=size, download_bytes=size
    )
