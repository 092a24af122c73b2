"""What a server of many users needs: vLLM's and SGLang's reservation and pool, as a formula.

On each card, with weights W and the pool P of keys and values:

    P = users * blocks(context) * bytes of a token         (blocks of 16 tokens; SGLang's of 1)
    vLLM:   --gpu-memory-utilization = (W + activations + P + context) / memory of the card
    SGLang: --mem-fraction-static    = (W + P) / memory that was free before

Sources: vLLM `gpu_worker.determine_available_memory` and `kv_cache_utils`; SGLang
`model_runner.profile_max_num_token`. Published figures of weights and pools are met (see the
tests); no figure checks what the activations and the recorded graphs of a server take.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from setup_assistant.catalog.models import Model
from setup_assistant.choose import parallel, terms
from setup_assistant.choose.memory import CONTEXT, GIB, Need
from setup_assistant.choose.parallel import Split
from setup_assistant.choose.terms import Setting
from setup_assistant.choose.vision_tokens import IMAGE_MAX_TOKENS

Engine = Literal["vllm", "sglang"]
BLOCK: dict[Engine, int] = {"vllm": 16, "sglang": 1}
# What their documentation asks of a card.
LEAST_PART: dict[Engine, str] = {"vllm": "7.0", "sglang": "7.5"}
# Tokens of prompts that are read at once (vLLM's --max-num-batched-tokens on large cards).
BATCHED = 8192
# CUDA graphs, recorded after the reservation and beside it.
GRAPHS = GIB // 2
# Bytes a word and user while the next token is drawn: logits in 16 bits and in float32.
DRAWN = 6
ONE = Split()


@dataclass(frozen=True, kw_only=True)
class Served:
    """Who is served: so many users at a time, each with so many tokens, question and answer.

    `picture_tokens` is the largest picture that is let in: servers try it before they start.
    """

    users: int
    context: int
    engine: Engine = "vllm"
    split: Split = ONE
    picture_tokens: int = IMAGE_MAX_TOKENS


def pool(model: Model, served: Served, width: int) -> int:
    """Return the bytes of keys and values that the users need on one card."""
    block = BLOCK[served.engine]
    each = parallel.token_bytes(model.shapes, width, served.split)
    return served.users * -(-served.context // block) * block * each


def estimate(model: Model, served: Served, setting: Setting) -> Need:
    """Return what the server needs, on all of its cards together."""
    shapes, width, cards = model.shapes, setting.width, served.split.cards
    kept = parallel.share_of_weights(model, setting.dtype, served.split)
    patches = served.picture_tokens * model.vision.merge**2 if shapes.params_vision else 0
    vision = terms.vision_linear(shapes, model.vision, patches, width)
    read = parallel.prefill(shapes, BATCHED, width, served.split)
    read += terms.unpacked(model, width)
    drawn = DRAWN * served.users * shapes.vocab
    most = max(vision, read, drawn)
    held = pool(model, served, width)
    allocated = cards * (kept + most + held)
    return Need(
        weights=cards * kept,
        vision=cards * vision,
        prefill=cards * read,
        logits=cards * drawn,
        kv_cache=cards * held,
        slack=cards * GRAPHS,
        context=cards * CONTEXT,
        moving=(most,) * cards,
        allocated=allocated,
        total=allocated + cards * (GRAPHS + CONTEXT),
    )


def fraction(need: Need, served: Served, total: int, free: int) -> float:
    """Return the value of the server's flag for memory, rounded up to hundredths."""
    cards = served.split.cards
    static = (need.weights + need.kv_cache) // cards
    if served.engine == "sglang":
        return _hundredths(static / free)
    return _hundredths((static + need.moving[0] + need.context // cards) / total)


def most_users(model: Model, served: Served, setting: Setting, room: int) -> int:
    """Return how many such users fit at a time on cards with `room` bytes each to give."""
    need = estimate(model, served, setting)
    cards = served.split.cards
    each = pool(model, served, setting.width) // served.users
    left = room - (need.total - need.kv_cache) // cards
    return max(0, left // each)


def command(model: str, served: Served, share: float | None, max_pixels: int) -> list[str]:
    """Return the words that start such a server; the share only where the card is known."""
    cards = [str(served.split.cards)]
    if served.engine == "sglang":
        words = ["python", "-m", "sglang.launch_server", "--model-path", model]
        words += ["--context-length", str(served.context)]
        words += ["--max-running-requests", str(served.users), "--tp", *cards]
        return words + (["--mem-fraction-static", f"{share:.2f}"] if share else [])
    words = ["vllm", "serve", model, "--max-model-len", str(served.context)]
    words += ["--max-num-seqs", str(served.users), "--tensor-parallel-size", *cards]
    if served.split.whole_tower:
        words += ["--mm-encoder-tp-mode", "data"]
    if max_pixels:
        words += ["--mm-processor-kwargs", f'{{"max_pixels": {max_pixels}}}']
    return words + (["--gpu-memory-utilization", f"{share:.2f}"] if share else [])


def _hundredths(share: float) -> float:
    return math.ceil(share * 100) / 100
