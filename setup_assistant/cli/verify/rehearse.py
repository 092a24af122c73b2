"""`rehearse`: prove that a model fits before its weights are downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from setup_assistant.cli import options
from setup_assistant.cli.common import verb
from setup_assistant.cli.result import Problem, Result
from setup_assistant.cli.terminal import show
from setup_assistant.cli.terminal.progress import busy
from setup_assistant.errors import Exit, SetupError
from setup_assistant.messages import _
from setup_assistant.units_text import memory_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from setup_assistant.steps.rehearsal_plan import Prepared
    from setup_assistant.verify.rehearse import Case, Rehearsed


@verb(
    "rehearse",
    summary=_(
        "Prove that a model fits before its weights are downloaded.\n\n"
        "Its real architecture runs with dummy weights inside the environment, once each with "
        "the planned picture, two pictures and the planned video. Nothing is downloaded."
    ),
    examples=(
        "setup-assistant rehearse Qwen/Qwen2-VL-2B-Instruct --env qwen2-vl/env",
        "setup-assistant rehearse Qwen2-VL-7B-Instruct --env qwen2-vl/env --max-pixels 1003520",
    ),
)
@click.argument("model")
@options.ENV
@options.SITE
@options.DEVICE
@options.DTYPE
@click.option("--max-pixels", type=click.IntRange(min=784), help=_("Cap of a picture or frame."))
@click.option("--total-pixels", type=click.IntRange(min=784), help=_("Cap of a whole video."))
@click.option(
    "--new-tokens", type=click.IntRange(min=1), default=8, help=_("Tokens of the answer.")
)
@options.IMAGES
@options.VIDEOS
@options.deadline(1800.0)
def command(
    model: str,
    env: Path | None,
    site: Path | None,
    deadline: float,
    **given: Any,  # noqa: ANN401 - the fields of `fit.Asked`
) -> Result:
    """Check what is free, rehearse, and compare with the prediction."""
    from setup_assistant.steps import rehearsal_plan
    from setup_assistant.times_text import rough
    from setup_assistant.verify.rehearse import rehearse

    ready = rehearsal_plan.prepare(model, env, site, rehearsal_plan.Asked(**given))
    show.note(
        _(
            "{model} in {dtype}: {need} predicted, {have} free for it; pictures of {megapixels} "
            "megapixels.",
            megapixels=round(ready.max_pixels / 1e6, 2),
            model=ready.model.id,
            dtype=ready.setting.dtype,
            need=memory_text(ready.predicted),
            have=memory_text(ready.place.budget),
        )
    )
    expected = ready.expected_seconds
    show.note(_("It takes {time} (estimated).", time=rough(expected)))
    title = _("Rehearsing {model}", model=ready.model.id)
    with busy(title, expected_seconds=expected):
        found = rehearse(
            ready.model,
            ready.trials,
            ready.setting,
            ready.place,
            deadline=deadline,
            on_case=_show_case,
        )
    rehearsal_plan.keep(ready, found)
    return _result(ready, found)


def _result(ready: Prepared, found: Rehearsed) -> Result:
    from setup_assistant.frozen_json import to_builtins

    data = {**to_builtins(found), "left_out": list(ready.left_out)}
    data["expected_seconds"] = round(ready.expected_seconds, 1)
    if found.status == "ok":
        return Result("rehearse", data, text=lambda: _show(found, ready.left_out))
    if found.status == "unfinished":
        failure = SetupError("rehearsal_unfinished", model=found.model, cause=found.evidence or "?")
        return Result("rehearse", data, exit_code=Exit.PARTLY, errors=(Problem.of(failure),))
    failure = found.error()
    return Result("rehearse", data, exit_code=Exit.FAILED, errors=(Problem.of(failure),))


def _show_case(case: Case) -> None:
    from dataclasses import asdict

    from setup_assistant.times_text import duration

    show.event({"event": "case", **asdict(case)})
    show.note(
        _(
            "{name}: {tokens} tokens, {predicted} predicted, {measured} measured, prompt {prompt}, "
            "then {each} a token",
            name=case.name,
            tokens=case.prompt_tokens,
            predicted=memory_text(case.predicted_bytes),
            measured=memory_text(case.measured_bytes),
            prompt=duration(case.prompt_seconds),
            each=duration(case.seconds_per_token),
        )
    )


def _show(found: Rehearsed, left_out: Sequence[str]) -> None:
    from setup_assistant.report import apart

    show.heading(_("{model} fits on this {device}.", model=found.model, device=found.device))
    show.table(
        [
            [_("Predicted by formula"), memory_text(found.predicted_bytes)],
            [_("Rehearsed with dummy weights"), memory_text(found.measured_bytes)],
            [_("Available for it"), memory_text(found.budget_bytes)],
        ]
    )
    if found.difference is not None:
        show.line(
            _("Prediction and rehearsal are {percent} % apart.",
              percent=round(abs(found.difference) * 100, 1))
        )  # fmt: skip
        if abs(found.difference) > apart.LIMIT and found.predicted_bytes > apart.LEAST:
            show.line(_("That is more than expected: trust the rehearsal, not the formula."))
    if left_out:
        show.line(
            _("Left out, since it would not fit in what is free now: {names}.",
              names=show.listed(left_out))
        )  # fmt: skip
    if found.quantization != "none":
        show.line(
            _("Its quantized kernels were stood in for: the memory is real, the speed is not.")
        )
    for line in found.device_map:
        show.line(line)
