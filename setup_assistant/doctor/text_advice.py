"""Infer from an exception that says itself what mends it, or which limit was passed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from itertools import islice

from setup_assistant.catalog.causes import Remedy
from setup_assistant.doctor import text_frames
from setup_assistant.doctor.inferred import Inferred
from setup_assistant.doctor.package_names import FAMILIAR, package_of

# A line that ends a program, with what a log or a launcher wrote before it; what it says may go on
# in the lines below.
_RAISED = re.compile(
    r"^[^\n]{0,120}?\b(?:[A-Za-z_]\w{0,40}\.){0,6}(?:[A-Z]\w{2,40}Error|\w{0,40}Exception): "
    r"(?P<said>[^\n]{12,2000}(?:\n(?![^\n]{0,60}"
    r"(?:Traceback|File \"|Error\b|ERROR|WARN|INFO|\[|\())[^\n]{2,400}){0,6})",
    re.MULTILINE,
)
# They only hand on that another one failed, or give sizes and no reason.
_WRAPPER = re.compile(
    r"root cause|[Ee]ngine(?: core)? (?:process )?(?:failed|initialization)|exited unexpectedly"
    r"|worker (?:process )?(?:failed|died)|above exception|Caught \w+ in|background|of tensor a"
)
_SENTENCE = re.compile(r"(?<=[.!;])[ \n]+(?=[A-Z`(])|\n+| - (?=[a-z])")
_DO = (
    "use|set|pass|increase|decrease|reduce|lower|upgrade|update|disable|enable|specify|install"
    "|downgrade|ensure|run|provide|choose|remove"
)
# A sentence that tells what to do.
_TELLS = re.compile(
    r"\bplease (?!report|refer|see\b|check the log|file |open |wait)|\btry (?!again\b)\w+"
    r"|\bmake sure|\bconsider \w+ing|\byou (?:can|should|must|may|need to|have to|might want to)\b"
    rf"|^(?:either |to \w[\w ]{{3,60}}, )?(?:{_DO}) |[;,:] (?:{_DO}) `?\w"
    r"|\b(?:use|pass|set|call) [`'\"]?[\w.=-]+[`'\"]?(?:\([^)]{0,40}\)[`'\"]?)? instead"
    r"|\bwith `?--[a-z]|\bby (?:setting|passing|specifying) "
    r"|\bshould be (?:one of|set|used|loaded|at least)",
    re.IGNORECASE,
)
# A sentence that names what is allowed.
_LIMIT = re.compile(
    r"\bonly (?:supports?|supported|compatible|be used|available)\b|\bmutually exclusive\b"
    r"|\b(?:is|are) (?:not|in)[ -]?(?:supported|compatible)|\b(?:cannot|can't) (?:both )?be (?:used"
    r"|set)\b|\bdoes not support\b|\bmust (?:be|match|not|have)\b"
    r"|\b(?:should|needs? to) (?:be|match|have)\b|\brequires?\b|\bexceeds?\b"
    r"|\b(?:larger|greater|smaller|longer|less) than\b|\bcannot specify both\b"
    r"|\b(?:has|have) to be\b|\bonly (?:accepts?|valid|allowed)\b|\bis (?:necessary|only)\b"
    r"|\b(?:can(?:not|'t)|do(?:es)? not|both) [^.]{1,60}"
    r"(?:together|at (?:the same time|once)|simultaneously)\b"
    r"|\b(?:supported|valid|available|accepted|allowed) [\w ]{0,30}(?:are|is)\b"
    r"|\bhas no tokenizer\b|\bdoes(?: not|n't) (?:exist|work with)\b|\balready exists\b"
    r"|\bwas passed two times\b",
    re.IGNORECASE,
)
_UNHELPFUL = re.compile(
    r"\b(?:report|issues?|bug|GitHub|open a|file a|contribut\w*|proceed|shut ?down|ignore)\b"
)
# What one of them speaks of, where no frame tells.
_SPEAKS = re.compile(
    r"\b(?:device_?map|quanti[sz]\w+|GPUs?|CUDA|torch\w*|transformers|attention|dtype|tokenizer|vllm\w*"
    r"|sglang\w*|LoRA|adapters?|flash[_ -]?att\w+|checkpoints?|safetensors|chat[_ ]template|NCCL"
    r"|tensor[_ ]parallel\w*|max_model_len|kv[_ -]cache|bitsandbytes|accelerate|peft|bf16|fp16"
    r"|bfloat16|float16|input_ids|pixel_values|image_processor|from_pretrained|max_num_\w+"
    r"|vision|DataLoader|\w+ForConditionalGeneration|\w+ForCausalLM|max_new_tokens|processor)\b",
    re.IGNORECASE,
)
_VARIABLE = re.compile(
    r"(?<![\w$])(?P<name>[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+)=['\"]?(?P<value>[\w.:-]{0,60}\w)"
)
_MOST, _WIDEST = 1_000, 300


def told(text: str) -> Iterator[Inferred]:
    """Yield the exception that ended a program, where it says what mends it or what is allowed."""
    for found in reversed(deque(islice(_RAISED.finditer(text), _MOST), maxlen=100)):
        if _WRAPPER.search(found["said"]):
            continue
        frames = text_frames.before(text, found.start())
        top = next((f.top for f in reversed(frames) if FAMILIAR.match(f.top)), "")
        own = bool(frames) and frames[-1].own
        if not own and (top or (not frames and _SPEAKS.search(found["said"]))):
            yield from _answer(found, top)
        return


def _answer(found: re.Match[str], top: str) -> Iterator[Inferred]:
    parts = [" ".join(p.split()) for p in _SENTENCE.split(found["said"])]
    helpful = [p for p in parts if p and not _UNHELPFUL.search(p)]
    advice = " ".join(p for p in helpful if _TELLS.search(p))
    limit = next((p for p in helpful if _LIMIT.search(p)), "")
    if not advice and not limit:
        return
    values = {"said": parts[0][:_WIDEST]}
    values |= {"told": advice[:_WIDEST]} if advice else {"limit": limit[:_WIDEST]}
    if top:
        values["package"] = package_of(top)
    variable = _VARIABLE.search(advice)
    remedy = ((Remedy(need="set", name=variable["name"], value=variable["value"]),)
              if variable else ())  # fmt: skip
    yield Inferred(cause="told-by-itself", start=found.start("said"), values=values, remedy=remedy)
