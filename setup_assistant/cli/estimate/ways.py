"""The ways in which a model can be used: one call, a server, fine-tuning, llama.cpp."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from setup_assistant.errors import SetupError
from setup_assistant.messages import _
from setup_assistant.units_text import GIB
from setup_assistant.versions import at_least

if TYPE_CHECKING:
    from setup_assistant.catalog.models import Model
    from setup_assistant.choose.memory import Need, Setting, Work
    from setup_assistant.choose.serving import Served
    from setup_assistant.choose.usable_gpus import Card


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What stands beside the terms: more data and sentences, the command that does it.

    `numbers` are those that it is counted in, where not the dtype.
    """

    data: dict[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    command: str = ""
    numbers: str = ""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How much a model with some work needs, on how many cards, and what is said beside it.

    `rough` names what no published figure checks; `takes` whether a model can be used so.
    """

    count: Callable[[Model, Work], Need]
    cards: int = 1
    rough: tuple[str, ...] = ()
    takes: Callable[[Model], bool] = lambda _model: True
    beside: Callable[[Model, Work, Need, Card | None], Beside] = lambda *_: Beside()


def way_of(model: Model, setting: Setting, given: dict[str, Any]) -> Way:
    """Return the way that was asked for.

    Raises:
        SetupError: `usage` for options that do not go together.
    """
    asked = [flag for flag in ("serve", "lora", "gguf") if given[flag]]
    if len(asked) > 1:
        raise _refused(_("{flags} do not go together", flags=", ".join(f"--{f}" for f in asked)))
    _check_needed(given)
    positions = model.shapes.max_position_embeddings
    if (given["context"] or 0) > positions:
        detail = _("--context is more than the {positions} positions", positions=positions)
        raise _refused(detail)
    if given["serve"]:
        return _serving(model, setting, given)
    if given["lora"]:
        return _training(setting, given)
    return _llama(model, given) if given["gguf"] else _call(setting, given)


def _check_needed(given: dict[str, Any]) -> None:
    """Raise where an option is given without the one that it belongs to."""
    if given["context"] and not (given["serve"] or given["gguf"]):
        raise _refused(_("--{flag} needs --serve", flag="context"))
    if given["serve"]:
        return
    for flag, usual in {"tensor_parallel": 1, "whole_tower": False}.items():
        if given[flag] != usual:
            raise _refused(_("--{flag} needs --serve", flag=flag.replace("_", "-")))


def _call(setting: Setting, given: dict[str, Any]) -> Way:
    from setup_assistant.choose.memory import estimate

    flags = [flag for flag in ("--batch", "--beams") if given[flag[2:]] > 1]
    return Way(
        count=lambda model, work: estimate(model, work, setting),
        cards=setting.gpus,
        rough=tuple(flags),
    )


def _training(setting: Setting, given: dict[str, Any]) -> Way:
    from setup_assistant.choose import training

    if given["gpu_count"] > 1 or given["beams"] > 1:
        raise _refused(_("--lora is estimated on one card, without --beams"))
    rank, targets = given["lora"], given["targets"]

    def beside(model: Model, _work: Work, _need: Need, _card: Card | None) -> Beside:
        count = training.trained(model.shapes, rank, targets)
        share = count / (count + model.shapes.params_total)
        data = {
            "rank": rank, "targets": targets, "trained_parameters": count,
            "all_parameters": count + model.shapes.params_total,
            "state_bytes": training.TRAINED * count,
        }  # fmt: skip
        line = _(
            "{count} numbers are trained ({share} of all): with gradients and AdamW's moments "
            "{gib} GiB, which are part of the whole. The vision tower is left as it is, and "
            "gradients are checkpointed.",
            count=f"{count:,}", share=f"{share:.2%}", gib=f"{data['state_bytes'] / GIB:.2f}",
        )  # fmt: skip
        return Beside(data={"training": data}, lines=(line,))

    return Way(
        count=lambda model, work: training.estimate(model, work, setting, rank, targets),
        rough=("--lora",),
        beside=beside,
    )


def _serving(model: Model, setting: Setting, given: dict[str, Any]) -> Way:
    from setup_assistant.choose import parallel, serving
    from setup_assistant.choose.vision_tokens import IMAGE_MAX_TOKENS

    least = serving.LEAST_PART[given["engine"]]
    if setting.part is not None and not at_least(setting.part, least):
        raise _refused(
            _(
                "{engine} needs compute capability {least}, not {part}",
                engine=given["engine"],
                least=least,
                part=setting.part,
            )
        )
    split = parallel.Split(cards=given["tensor_parallel"], whole_tower=given["whole_tower"])

    def fits(other: Model) -> bool:
        try:
            parallel.check(other.shapes, split)
        except parallel.SplitError:
            return False
        return True

    try:
        parallel.check(model.shapes, split)
    except parallel.SplitError as error:
        raise _refused(
            _(
                "--tensor-parallel {cards} does not divide the {heads} heads",
                cards=split.cards,
                heads=str(error),
            )
        ) from error

    def served(other: Model, work: Work) -> Served:
        pictures = [grid.patches_per_step // grid.merge**2 for grid in work.grids]
        cap = (given["max_pixels"] or 0) // other.vision.factor**2
        largest = max(pictures, default=cap or IMAGE_MAX_TOKENS)
        context = given["context"] or work.tokens + work.new_tokens
        return serving.Served(
            users=given["serve"], context=context, engine=given["engine"], split=split,
            picture_tokens=min(largest, context) if other.shapes.params_vision else 0,
        )  # fmt: skip

    return Way(
        count=lambda other, work: serving.estimate(other, served(other, work), setting),
        cards=split.cards,
        rough=("--serve",),
        takes=fits,
        beside=lambda other, work, need, card: _server(
            other, served(other, work), setting, need, card
        ),
    )


def _llama(model: Model, given: dict[str, Any]) -> Way:
    from setup_assistant.choose import gguf

    kind = next((k for k in gguf.KINDS if k == given["gguf"].upper()), None)
    if kind is None:
        detail = _(
            "--gguf {kind}: known are {kinds}", kind=given["gguf"], kinds=", ".join(gguf.KINDS)
        )
        raise _refused(detail)
    if model.quantization != "none":
        raise _refused(_("--gguf files are made of 16-bit checkpoints, not of {id}", id=model.id))

    def context(work: Work) -> int:
        return int(given["context"] or work.tokens + work.new_tokens)

    def beside(other: Model, work: Work, need: Need, _card: Card | None) -> Beside:
        tower = gguf.projector_bytes(other.shapes)
        size = need.weights - tower
        data = {
            "type": kind, "file_bytes": size, "tower_file_bytes": tower,
            "context_tokens": context(work),
        }  # fmt: skip
        line = _(
            "Two files: {gb} GB of {kind} and {tower} GB for the vision tower in 16 bits; all "
            "layers on the GPU, {context} tokens in all.",
            gb=f"{size / 1e9:.2f}", kind=kind, tower=f"{tower / 1e9:.2f}",
            context=context(work),
        )  # fmt: skip
        return Beside(data={"gguf": data}, lines=(line,), numbers=kind)

    return Way(
        count=lambda other, work: gguf.estimate(other, work, kind, context(work)),
        rough=("--gguf",),
        takes=lambda other: other.quantization == "none",
        beside=beside,
    )


def _server(
    model: Model, served: Served, setting: Setting, need: Need, card: Card | None
) -> Beside:
    """Return the pool, who fits, and the command of the server."""
    from setup_assistant.choose import parallel, serving

    pool = serving.pool(model, served, setting.width)
    share = most = None
    if card is not None and card.total:
        share = serving.fraction(need, served, card.total, card.free or card.total)
        most = serving.most_users(model, served, setting, card.budget)
    pixels = served.picture_tokens * model.vision.factor**2
    each = parallel.token_bytes(model.shapes, setting.width, served.split)
    lines = [
        _(
            "{users} users of {context} tokens each: on each card a pool of {gib} GiB for keys and "
            "values, {kib} KiB a token.",
            users=served.users, context=served.context, gib=f"{pool / GIB:.2f}",
            kib=f"{each / 1024:.0f}",
        ),
    ]  # fmt: skip
    if pixels:
        lines.append(
            _(
                "A server tries the largest picture that it lets in before it starts: here one of "
                "{pixels} pixels.",
                pixels=pixels,
            )
        )
    if most is not None:
        lines.append(_("At most {users} such users at a time fit there.", users=most))
    if share is not None and share > 1:
        share = None
    data = {
        "engine": served.engine, "users": served.users, "context_tokens": served.context,
        "cards": served.split.cards, "whole_tower": served.split.whole_tower,
        "pool_bytes_per_card": pool, "token_bytes_per_card": each,
        "weights_bytes_per_card": need.weights // served.split.cards,
        "memory_share": share, "most_users": most, "picture_pixels": pixels,
    }  # fmt: skip
    words = serving.command(model.id, served, share, pixels)
    fits = most is None or most >= served.users
    return Beside(
        data={"serving": data}, lines=tuple(lines), command=shlex.join(words) if fits else ""
    )


def _refused(detail: str) -> SetupError:
    return SetupError("usage", detail=detail, verb="estimate")
