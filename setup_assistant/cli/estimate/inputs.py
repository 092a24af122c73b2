"""What `estimate` was asked, as values: the model, the setting and the work of one call."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from setup_assistant.errors import SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.catalog.models import Model
    from setup_assistant.catalog.recipes import Recipes
    from setup_assistant.choose.memory import Setting, Work
    from setup_assistant.choose.usable_gpus import Card

# As packages are numbered: 4.57.6, 2.15.0+cu132, 5.0.0rc1, 4.45.0.dev0.
_VERSION = re.compile(r"\d+(\.\d+)+([-.]?(a|b|rc|dev|post)\d*)*(\+[\w.]+)?")


def capped(given: dict[str, Any], cap: int | None) -> dict[str, Any]:
    """Return the options under a cap of pictures and frames; those asked for where it is None."""
    if cap is None:
        return given
    return {**given, "max_pixels": min(cap, given["max_pixels"] or cap)}


def model_of(recipes: Recipes, wish: str, transformers: str) -> tuple[Model, list[str]]:
    """Return the named model, or that of a folder's config.json; and what is rough about it."""
    from setup_assistant.choose.config_model import FAMILIES, ShapeError, described
    from setup_assistant.choose.model_names import named
    from setup_assistant.host import files

    path = Path(wish).expanduser()
    file = path / "config.json" if path.is_dir() else path
    if not (path.is_dir() or file.name.endswith(".json")):
        return named(recipes, wish, transformers), []
    read = files.read_json(file, "MODEL")
    config = read if isinstance(read, dict) else {}
    family = FAMILIES.get(str(config.get("model_type")), "qwen2-vl")
    like = next(m for m in recipes.models if m.family == family)
    try:
        found = described(str(path), config, like)
    except ShapeError as error:
        detail = _("{key} is missing, or no whole number", key=str(error))
        raise SetupError("file_invalid", path=str(file), detail=detail) from error
    return found.model, ["config.json"] if found.rough else []


def released(version: str) -> str:
    """Return the release that a preview became: the published tables used 4.38 and later."""
    from setup_assistant.versions import numbers

    if not _VERSION.fullmatch(version):
        raise _wrong("--transformers", version, "4.57.6")
    return "4.45.0" if (4, 37) <= numbers(version) < (4, 45) else version


def setting_of(
    recipes: Recipes, model: Model, version: str, given: dict[str, Any], card: Card | None
) -> Setting:
    """Return where and how it is to run.

    Raises:
        SetupError: `usage` for what no release or kernel does.
    """
    from setup_assistant.choose.memory import Setting
    from setup_assistant.versions import at_least

    part = given["compute_capability"] or (card.part if card else "8.0")
    if not re.fullmatch(r"\d{1,2}\.\d", part):
        raise _wrong("--compute-capability", part, "8.6")
    if given["torch"] and not _VERSION.fullmatch(given["torch"]):
        raise _wrong("--torch", given["torch"], "2.8.0")
    dtype = given["dtype"]
    if dtype == "auto":
        wide = model.quantization in {"none", "nf4"} and at_least(part, "8.0")
        dtype = "bfloat16" if wide else "float16"
    kinds = {given["attention"], given["vision_attention"] or given["attention"]}
    if detail := _impossible(model, dtype, part, kinds):
        raise SetupError("usage", detail=detail, verb="estimate")
    return Setting(
        dtype=dtype,
        part=part,
        transformers=version,
        torch=given["torch"] or recipes.torch.release[0].torch,
        attention=given["attention"],
        tower=given["vision_attention"] or "",
        gpus=given["gpu_count"],
    )


def _impossible(model: Model, dtype: str, part: str, attentions: set[str]) -> str:
    """Return why no kernel does what is asked for; empty where one does."""
    from setup_assistant.versions import at_least

    kind = model.quantization
    if "flash_attention_2" in attentions and not at_least(part, "8.0"):
        return _("FlashAttention 2 needs compute capability 8.0, not {part}", part=part)
    if "flash_attention_2" in attentions and dtype == "float32":
        return _("FlashAttention 2 computes in 16 bits, not in float32")
    if kind in {"awq", "gptq-int4", "gptq-int8"} and dtype == "float32":
        return _("the kernels of {kind} compute in 16 bits, not in float32", kind=kind)
    if kind == "fp8" and not at_least(part, "8.9"):
        return _("FP8 needs compute capability 8.9, not {part}", part=part)
    return ""


def work_of(model: Model, given: dict[str, Any]) -> Work:
    """Return the pictures, videos and tokens of one call.

    Raises:
        SetupError: `usage` or `picture_refused` for a size that is none.
    """
    from setup_assistant.choose.memory import Work
    from setup_assistant.choose.vision_tokens import Grid, PictureError, image_grid, video_grid

    most = given["max_pixels"]
    grids: list[Grid] = []
    flag = "--image"
    what: tuple[Any, ...] = ()
    try:
        for what in given["images"]:
            wide, high = what
            grids.append(image_grid(wide, high, model.vision, max_pixels=most))
        flag = "--video"
        for what in given["videos"]:
            wide, high, seconds = what
            grids.append(
                video_grid(
                    wide, high, seconds, model.vision, fps=given["fps"], max_pixels=most,
                    total_pixels=given["total_pixels"], frames=given["frames"],
                )
            )  # fmt: skip
    except PictureError as error:
        raise SetupError(
            "picture_refused", flag=flag, what="x".join(f"{n:g}" for n in what), detail=str(error),
            remedy=_remedy(flag, error.about),
        ) from error  # fmt: skip
    return Work(
        grids=tuple(grids),
        text_tokens=given["text_tokens"],
        new_tokens=given["new_tokens"],
        batch=given["batch"] * given["beams"],
    )


def _remedy(flag: str, about: str) -> str:
    """Return what mends a size that the processor refuses."""
    if about == "shape":
        return _(
            "Give {flag} a size whose longer side is at most 200 times the shorter one, or crop "
            "it first.",
            flag=flag,
        )
    if about == "length":
        return _("Give {flag} more seconds.", flag=flag)
    return _("Give a larger --max-pixels, or leave it out.")


def _wrong(flag: str, text: str, example: str) -> SetupError:
    detail = _(
        "{flag} {text!r} is not of the form {example}", flag=flag, text=text, example=example
    )
    return SetupError("usage", detail=detail, verb="estimate")
