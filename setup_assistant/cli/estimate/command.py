"""`estimate`: the GPU memory that one call of a model needs, term by term."""

from __future__ import annotations

from typing import Any

import click

from setup_assistant.cli import options
from setup_assistant.cli.common import verb
from setup_assistant.cli.estimate import text as estimate_text
from setup_assistant.cli.result import Result
from setup_assistant.messages import _


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
        "setup-assistant estimate qwen2-vl-7b --gpu 'RTX 4090' --serve 8 --context 4096",
    ),
)
@click.argument("model")
@options.IMAGES
@options.VIDEOS
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
    "--vision-attention",
    type=click.Choice(["sdpa", "flash_attention_2", "eager"]),
    help=_("The same of the vision tower, where it is another one."),
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
@click.option(
    "--serve",
    type=click.IntRange(min=1),
    metavar="USERS",
    help=_("A server for so many users at a time, instead of one call."),
)
@click.option(
    "--context",
    type=click.IntRange(min=1),
    metavar="TOKENS",
    help=_("Of each user, question and answer (--serve, --gguf); this call's if left out."),
)
@click.option(
    "--engine", type=click.Choice(["vllm", "sglang"]), default="vllm", help=_("The server.")
)
@click.option(
    "--tensor-parallel",
    type=click.IntRange(min=1),
    default=1,
    metavar="CARDS",
    help=_("Equal cards that share every layer of the server."),
)
@click.option("--whole-tower", is_flag=True, help=_("Each of them has all of the vision tower."))
@click.option(
    "--lora",
    type=click.IntRange(min=1),
    metavar="RANK",
    help=_("Fine-tuning with adapters of that rank; of an NF4 checkpoint it is QLoRA."),
)
@click.option(
    "--targets",
    type=click.Choice(["qv", "attention", "linear"]),
    default="linear",
    help=_("What the adapters aim at in the language model."),
)
@click.option(
    "--gguf", metavar="TYPE", help=_("A file of llama.cpp, e.g. Q4_K_M, made of this model.")
)
def command(model: str, **given: Any) -> Result:  # noqa: ANN401 - one value per option
    """Show the estimate."""
    from setup_assistant.catalog.recipes import load_all
    from setup_assistant.cli.estimate import inputs, verdict, ways

    recipes = load_all()
    version = given["transformers"] or recipes.stacks.stack[0].transformers
    chosen, rough = inputs.model_of(recipes, model, inputs.released(version))
    named = given["gpu"] or not given["compute_capability"]
    card = verdict.card_of(given["gpu"]) if named else None
    setting = inputs.setting_of(recipes, chosen, version, given, card)
    work = inputs.work_of(chosen, given)
    way = ways.way_of(chosen, setting, given)
    need = way.count(chosen, work)
    judged = None
    if card is not None:
        judged = verdict.judge(
            card,
            way,
            chosen,
            lambda cap: inputs.work_of(chosen, inputs.capped(given, cap)),
            recipes,
        )
    told = estimate_text.Told(
        model=chosen,
        setting=setting,
        work=work,
        need=need,
        verdict=judged,
        rough=(*rough, *way.rough),
        beside=way.beside(chosen, work, need, card),
    )
    return Result("estimate", estimate_text.data(told), text=lambda: estimate_text.tell(told))
