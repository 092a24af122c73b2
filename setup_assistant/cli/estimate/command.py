"""`estimate`: the GPU memory that one call of a model needs, term by term."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli.common import verb
from setup_assistant.cli.estimate import text as estimate_text
from setup_assistant.cli.result import Result
from setup_assistant.errors import SetupError
from setup_assistant.messages import _

if TYPE_CHECKING:
    from setup_assistant.catalog.models import Model
    from setup_assistant.catalog.recipes import Recipes
    from setup_assistant.choose.memory import Setting, Work
    from setup_assistant.choose.usable_gpus import Card

# As packages are numbered: 4.57.6, 2.15.0+cu132, 5.0.0rc1, 4.45.0.dev0.
_VERSION = re.compile(r"\d+(\.\d+)+([-.]?(a|b|rc|dev|post)\d*)*(\+[\w.]+)?")


@verb(
    "estimate",
    summary=_(
        "Predict the GPU memory that one call of a model needs, term by term.\n\n"
        "Pictures and videos count as the model's own processor counts them. Without "
        "--max-pixels they keep the size that the libraries allow."
    ),
    examples=(
        "setup-assistant estimate Qwen/Qwen2-VL-7B-Instruct --image 2044x1372",
        "setup-assistant estimate Qwen2-VL-2B-Instruct --video 1280x720x10 --max-pixels 151200",
    ),
)
@click.argument("model")
@click.option(
    "--image", "images", multiple=True, metavar="WxH", help=_("A picture's size (repeatable).")
)
@click.option(
    "--video", "videos", multiple=True, metavar="WxHxSECONDS", help=_("A video (repeatable).")
)
@click.option(
    "--dtype",
    type=click.Choice(["auto", "bfloat16", "float16", "float32"]),
    default="auto",
    help=_("Number format; auto: bfloat16 from compute capability 8.0 on, else float16."),
)
@click.option(
    "--transformers", metavar="VERSION", help=_("Its version; the planned one if left out.")
)
@click.option("--torch", metavar="VERSION", help=_("Its version; the newest if left out."))
@click.option("--compute-capability", metavar="X.Y", help=_("Of the GPU; 8.0 if nothing says."))
@click.option("--max-pixels", type=click.IntRange(min=1), help=_("Cap of a picture or frame."))
@click.option("--total-pixels", type=click.IntRange(min=1), help=_("Cap of a whole video."))
@click.option(
    "--fps",
    type=click.FloatRange(min=0, min_open=True),
    default=2.0,
    help=_("Frames taken per second of video."),
)
@click.option(
    "--new-tokens", type=click.IntRange(min=0), default=128, help=_("Tokens of the answer.")
)
@click.option(
    "--text-tokens", type=click.IntRange(min=0), default=64, help=_("Tokens of the question.")
)
@click.option(
    "--attention",
    type=click.Choice(["sdpa", "flash_attention_2", "eager"]),
    default="sdpa",
    help=_("How attention is computed."),
)
@click.option(
    "--gpu", metavar="NAME|UUID", help=_("The card to judge; this machine's own if left out.")
)
@click.option("--batch", type=click.IntRange(min=1), default=1, help=_("Prompts side by side."))
@click.option("--beams", type=click.IntRange(min=1), default=1, help=_("Beams of the search."))
@click.option(
    "--frames", type=click.IntRange(min=2), help=_("Frames of a video, whatever its rate.")
)
@click.option(
    "--gpu-count", type=click.IntRange(min=1), default=1, help=_("GPUs it is spread over.")
)
def command(model: str, **given: Any) -> Result:  # noqa: ANN401 - one value per option
    """Show the estimate."""
    from setup_assistant.catalog.recipes import load_all
    from setup_assistant.choose.memory import estimate
    from setup_assistant.cli.estimate import verdict

    recipes = load_all()
    version = given["transformers"] or recipes.stacks.stack[0].transformers
    chosen, rough = _model(recipes, model, _released(version))
    card = (
        verdict.card_of(given["gpu"]) if given["gpu"] or not given["compute_capability"] else None
    )
    setting = _setting(recipes, chosen, version, given, card)
    work = _work(chosen, given)
    need = estimate(chosen, work, setting)
    judged = None
    if card is not None:
        judged = verdict.judge(
            card, setting, chosen, lambda cap: _work(chosen, _capped(given, cap)), recipes
        )
    rough += [
        flag for flag, on in (("--batch", given["batch"]), ("--beams", given["beams"])) if on > 1
    ]
    told = estimate_text.Told(
        model=chosen, setting=setting, work=work, need=need, verdict=judged, rough=tuple(rough)
    )
    return Result("estimate", estimate_text.data(told), text=lambda: estimate_text.tell(told))


def _capped(given: dict[str, Any], cap: int | None) -> dict[str, Any]:
    """Return the options under a cap of pictures and frames; those asked for where it is None."""
    if cap is None:
        return given
    return {**given, "max_pixels": min(cap, given["max_pixels"] or cap)}


def _model(recipes: Recipes, wish: str, transformers: str) -> tuple[Model, list[str]]:
    """Return the named model, or that of a folder's config.json; and what is rough about it."""
    from setup_assistant.choose.config_model import ShapeError, described
    from setup_assistant.choose.model_names import named
    from setup_assistant.host import files

    path = Path(wish).expanduser()
    file = path / "config.json" if path.is_dir() else path
    if not (path.is_dir() or file.name.endswith(".json")):
        return named(recipes, wish, transformers), []
    config = files.read_json(file, "MODEL")
    like = next(m for m in recipes.models if m.family == "qwen2-vl")
    try:
        found = described(str(path), config if isinstance(config, dict) else {}, like)
    except ShapeError as error:
        detail = _("{key} is missing, or no whole number", key=str(error))
        raise SetupError("file_invalid", path=str(file), detail=detail) from error
    return found.model, ["config.json"] if found.rough else []


def _released(version: str) -> str:
    """Return the release that a preview became: the published tables used 4.38 and later."""
    from setup_assistant.versions import numbers

    if not _VERSION.fullmatch(version):
        raise _wrong("--transformers", version, "4.57.6")
    return "4.45.0" if (4, 37) <= numbers(version) < (4, 45) else version


def _setting(
    recipes: Recipes, model: Model, version: str, given: dict[str, Any], card: Card | None
) -> Setting:
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
    _refuse(model, dtype, part, given["attention"])
    return Setting(
        dtype=dtype,
        part=part,
        transformers=version,
        torch=given["torch"] or recipes.torch.release[0].torch,
        attention=given["attention"],
        gpus=given["gpu_count"],
    )


def _refuse(model: Model, dtype: str, part: str, attention: str) -> None:
    """Raise where no kernel does what is asked for."""
    from setup_assistant.versions import at_least

    quantized = model.quantization
    detail = ""
    if attention == "flash_attention_2" and not at_least(part, "8.0"):
        detail = _("FlashAttention 2 needs compute capability 8.0, not {part}", part=part)
    elif attention == "flash_attention_2" and dtype == "float32":
        detail = _("FlashAttention 2 computes in 16 bits, not in float32")
    elif quantized in {"awq", "gptq-int4", "gptq-int8"} and dtype == "float32":
        detail = _("the kernels of {kind} compute in 16 bits, not in float32", kind=quantized)
    elif quantized == "fp8" and not at_least(part, "8.9"):
        detail = _("FP8 needs compute capability 8.9, not {part}", part=part)
    if detail:
        raise SetupError("usage", detail=detail, verb="estimate")


def _work(model: Model, given: dict[str, Any]) -> Work:
    from setup_assistant.choose.memory import Work
    from setup_assistant.choose.tokens import Grid, PictureError, image_grid, video_grid

    most = given["max_pixels"]
    grids: list[Grid] = []
    flag, what = "--image", ""
    try:
        for what in given["images"]:
            width, height = (int(n) for n in _sides("--image", what, 2))
            grids.append(image_grid(width, height, model.vision, max_pixels=most))
        flag = "--video"
        for what in given["videos"]:
            wide, high, seconds = _sides("--video", what, 3)
            grids.append(
                video_grid(
                    int(wide), int(high), seconds, model.vision, fps=given["fps"], max_pixels=most,
                    total_pixels=given["total_pixels"], frames=given["frames"],
                )
            )  # fmt: skip
    except PictureError as error:
        raise SetupError(
            "picture_refused", flag=flag, what=what, detail=str(error),
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


def _sides(flag: str, text: str, count: int) -> list[float]:
    parts = text.lower().split("x")
    example = "1280x720" if count == 2 else "1280x720x10"
    try:
        numbers = [float(p) if i == 2 else int(p) for i, p in enumerate(parts)]
    except ValueError:
        raise _wrong(flag, text, example) from None
    if len(numbers) != count or any(not 0 < n < 1e6 for n in numbers):
        raise _wrong(flag, text, example)
    return numbers


def _wrong(flag: str, text: str, example: str) -> SetupError:
    detail = _(
        "{flag} {text!r} is not of the form {example}", flag=flag, text=text, example=example
    )
    return SetupError("usage", detail=detail, verb="estimate")
