"""Why the model is as it is, what is kept free, and what was given up for it."""

from __future__ import annotations

from dataclasses import replace

from setup_assistant.catalog.models import Model
from setup_assistant.choose.candidates import CANARY, NEWER, Ground
from setup_assistant.choose.faster_card import score
from setup_assistant.choose.memory import estimate
from setup_assistant.choose.pick import Pick, for_purpose, largest_with_room
from setup_assistant.choose.plan import ModelChoice
from setup_assistant.choose.reasons import Notes
from setup_assistant.choose.wishes import Wishes
from setup_assistant.choose.workloads import floors
from setup_assistant.messages import Message, msg
from setup_assistant.units_text import gib, size_text

# From an hour on a line of 100 Mbit/s on, a model of a third of the files is named beside it.
DEAR_BYTES, DEAR_TIMES = 43_000_000_000, 3


def tell(ground: Ground, pick: Pick, choice: ModelChoice, wishes: Wishes, notes: Notes) -> None:
    """Add the reasons of the model, its caps, its dtype and its quantization."""
    notes.because("model", _model(pick, choice))
    if wishes.model == "auto" and pick.cards:
        _given_up(ground, pick, wishes.purpose, notes)
        _price(ground, pick, wishes.purpose, notes)
        _family(ground, pick, wishes.purpose, notes)
    _idle(pick, notes)
    megapixels = round(choice.max_pixels / 1e6, 2)
    notes.because(
        "model.max_pixels",
        msg(
            "Pictures are capped at {megapixels} megapixels, so that they fit.",
            megapixels=megapixels,
        )
        if pick.cards
        else msg(
            "Pictures are capped at {megapixels} megapixels: a CPU needs minutes for more.",
            megapixels=megapixels,
        ),
    )
    notes.because("model.dtype", _dtype(pick, choice))
    if pick.model.quantization != "none":
        _quantized(ground, pick, notes)


def _model(pick: Pick, choice: ModelChoice) -> Message:
    if pick.model.id == CANARY:
        return msg("The canary was asked for; it ships with this tool.")
    if not pick.cards:
        return msg(
            "{model} runs on the CPU: it needs {need} of main memory.",
            model=choice.id,
            need=gib(choice.need_bytes),
        )
    return msg(
        "{model} is the choice: it needs {need} at most of the {have} of GPU memory that it may "
        "use; {kept} is kept free.",
        model=choice.id,
        need=gib(choice.need_bytes),
        have=gib(pick.budget or 0),
        kept=gib(choice.kept_free_bytes or 0),
    )


def _given_up(ground: Ground, pick: Pick, purpose: str, notes: Notes) -> None:
    """Say which larger model was not taken, and which card with more memory."""
    cards = pick.among
    larger = _next_larger(ground, pick.model)
    if larger is not None:
        works = floors(ground.floor(purpose), larger.vision)
        setting = ground.setting(larger, cards[:1])
        need = max(estimate(larger, work, setting).total for work in works)
        notes.because(
            "model",
            "Given up for it: {model}, which would need {need} for the least that this "
            "purpose asks for.",
            model=larger.id,
            need=gib(need),
        )
    used = {c.id for c in pick.cards}
    least, pace = min(c.budget for c in pick.cards), min(score(c) for c in pick.cards)
    slower = [c for c in cards if c.id not in used and c.budget > least and score(c) < pace]
    if slower and for_purpose(ground, pick.model, slower, purpose):
        notes.because(
            "placement",
            "{gpu} runs it: {other} has more memory, but is slower.",
            gpu=pick.cards[0].name,
            other=slower[0].name,
        )


def _idle(pick: Pick, notes: Notes) -> None:
    """Name the cards of another kind that could be used, and are not."""
    used = {c.name for c in pick.cards}
    told = " ".join(str(r.message) for r in notes.reasons if r.about == "placement")
    idle = [
        f"{c.name} ({c.index})" for c in pick.among if c.name not in used and c.name not in told
    ]
    if pick.cards and idle:
        notes.because(
            "placement", "Left free, since the model fits without it: {gpus}.", gpus=", ".join(idle)
        )


def _price(ground: Ground, pick: Pick, purpose: str, notes: Notes) -> None:
    """Say which model the disk kept away, or what would cost a fraction of a dear download."""
    anywhere = largest_with_room(replace(ground, disk=None), pick.among, purpose)
    if anywhere is not None and anywhere.model.id != pick.model.id:
        notes.because(
            "model",
            "Given up for it: {model}, which the GPU would hold, but its files need {size} "
            "and the disk has {free} for them.",
            model=anywhere.model.id,
            size=size_text(anywhere.model.download_bytes),
            free=size_text(ground.disk or 0),
        )
    if pick.model.download_bytes < DEAR_BYTES:
        return
    less = replace(ground, disk=pick.model.download_bytes // DEAR_TIMES)
    cheaper = largest_with_room(less, pick.among, purpose)
    if cheaper is not None:
        notes.because(
            "model",
            "{size} are downloaded for it and read whenever it starts. {model} needs {other}: "
            "--model takes it.",
            size=size_text(pick.model.download_bytes),
            model=cheaper.model.id,
            other=size_text(cheaper.model.download_bytes),
        )


def _family(ground: Ground, pick: Pick, purpose: str, notes: Notes) -> None:
    """Say which models of the newer families would fit here, and what is proved of them."""
    others = [name for name in NEWER if name != ground.family]
    fitting = [largest_with_room(ground, pick.among, purpose, name) for name in others]
    names = [found.model.id for found in fitting if found]
    if names:
        notes.because(
            "model.family",
            "Qwen2.5-VL and Qwen3-VL follow Qwen2-VL. Here {models} would fit: --family or "
            "--model takes them. The canary proves the packages, the decoder and Qwen2-VL's "
            "own classes, not theirs.",
            models=", ".join(names),
        )


def _next_larger(ground: Ground, model: Model) -> Model | None:
    """Return the model that comes before this one in the order of preference, in 16 bits."""
    before: Model | None = None
    for models in ground.sizes():
        for other in models:
            if other.id == model.id:
                return before
            if other.quantization == "none":
                before = other
    return None


def _dtype(pick: Pick, choice: ModelChoice) -> Message:
    if not pick.cards:
        return msg("{dtype} on the CPU.", dtype=choice.dtype)
    if choice.quantization not in {"none", "nf4"}:
        return msg("float16: the quantized kernels compute in it.")
    if choice.dtype == "float16":
        return msg("float16: below compute capability 8.0 bfloat16 is only emulated, slowly.")
    return msg("bfloat16: the GPU computes in it at full speed.")


def _quantized(ground: Ground, pick: Pick, notes: Notes) -> None:
    row = ground.quantizer(pick.model, pick.cards)
    if pick.model.base:
        notes.because(
            "model.quantization",
            "Its 16-bit files ({size}) are downloaded, and turned into 4 bits whenever it is "
            "loaded; nothing has to be compiled.",
            size=size_text(pick.model.download_bytes),
        )
    if row is not None and row.compiles:
        notes.beware(
            "model.quantization",
            "{packages} run the quantized weights; their kernels are compiled at first use, "
            "which needs a C++ compiler and the CUDA toolkit, or else run slower.",
            packages=", ".join(row.packages),
        )
    if not ground.proved(pick.model):
        notes.beware(
            "model.quantization",
            "Not proved here: nobody has asked a {quantization} model with transformers "
            "{transformers} yet.",
            quantization=pick.model.quantization,
            transformers=ground.pair.stack.transformers,
        )
