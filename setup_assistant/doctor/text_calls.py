"""Infer from an attribute or an argument that is not there: whose it is, who asks, since when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from setup_assistant.catalog import import_names
from setup_assistant.catalog.causes import Remedy
from setup_assistant.catalog.import_names import Span
from setup_assistant.doctor import text_frames, text_names
from setup_assistant.doctor.inferred import Inferred
from setup_assistant.doctor.package_names import KEPT, package_of, request
from setup_assistant.doctor.text_frames import Frame
from setup_assistant.messages import msg

_ATTRIBUTE = re.compile(
    r"(?<!module ['‘\"`])\b(?P<owner>[A-Za-z_]\w{0,80})['’\"`](?: object)? has no attribute"
    r" ['‘\"`]?(?P<name>\w{1,80})"
)
_ARGUMENT = re.compile(
    r"(?P<call>[A-Za-z_][\w.]{0,120})\(\) (?:got an unexpected keyword argument"
    r"|got multiple values for argument|missing \d+ required (?:\S+ )?arguments?:)"
    r" ['‘\"`]?(?P<name>\w{1,80})"
)
# The person's own call may simply be wrong.
_OWN_MISTAKE = re.compile(r"got multiple values|missing \d+ required")
# Matches of one kind that are looked at.
_MOST = 100
# They belong to nobody, or say nothing of a version.
_PLAIN = ("NoneType", "str", "list", "dict", "tuple", "int", "float", "function", "method", "bool",
          "module", "type", "set", "bytes", "builtin_function_or_method", "generator")  # fmt: skip
# Functions that many classes have: the class must be told elsewhere.
_ANYBODYS = ("__init__", "forward", "__call__", "from_pretrained", "__new__", "wrapper", "inner",
             "_inner_fn", "generate", "get", "create", "load", "build", "func", "decorator",
             "_inner", "wrapped", "run", "main", "init")  # fmt: skip
# A model that is made by transformers: what is left over of from_pretrained's arguments.
_LEFT_OVER = re.compile(r"\bcls\(config, \*\w+, \*\*\w+\)|_from_config\(")
_OF_TRANSFORMERS = re.compile(
    r"(?:Qwen2|Qwen3|Llama|Llava|Mistral|Gemma|Phi|Auto|Bert|CLIP|Siglip|Idefics|PaliGemma"
    r"|PreTrained|Pretrained|Generation|Mixtral|InternVL|GLM|Glm|MiniCPM|DeepSeek|Deepseek)[A-Z0-9_]\w*$|"
    r"\w+(?:ForConditionalGeneration|ForCausalLM|TokenizerFast|ImageProcessor|VideoProcessor)$"
    r"|\w*(?:Dynamic|Static|Hybrid|Quantized)Cache$"
)
# The person's own classes end so as well: a frame of a package must be there.
_LIKE_TRANSFORMERS = re.compile(
    r"\w*(?:Attention|Block|Model|Tokenizer|Cache|Processor|Config|TrainingArguments|Trainer)$"
)
# Packages whose trainers are made from those of transformers.
_TRAINERS = ("trl", "unsloth", "unsloth_zoo", "swift", "llamafactory", "peft",
             "sentence_transformers")  # fmt: skip
_BASE_TRAINER = re.compile(r"(?:Seq2Seq)?Train(?:er|ingArguments)$")
# A program's own class is called like the one of TRL that it is made from.
_OF_TRL = re.compile(r"\w*(?:SFT|GRPO|DPO|PPO|KTO|RLOO|ORPO)\w*(?:Trainer|Config)$")
# Models with code of their own derive their configurations from that of transformers.
_CONFIG = re.compile(r"(?:Text|Vision|Language|LM|Model|Trained|VL\w*|\d)Config$")
# Methods and marks of a model that transformers alone asks for.
_OF_MODELS = re.compile(
    r"_initialize_weights|_init_weights|(?:all)?_?tied_weights_keys|_supports_\w+|smart_apply"
    r"|_can_\w+_fullgraph|_keep_in_fp32_modules\w*|get_expanded_tied_weights_keys"
)
# A decorator that only hands on what a class was made with.
_HANDED_ON = re.compile(r"\b(?:fn|func|init|original_init|f)\(self, \*\*?\w+")
_CLASS_MADE = re.compile(r"\b([A-Z]\w{0,60})\(")
# A whole model is called with what a processor, a collator or peft made for it: an entry that it
# does not know is theirs, unless releases of transformers differ in it.
_MODEL_CALLED = re.compile(r"\w+For(?:ConditionalGeneration|CausalLM)\.forward$")
_OF_RELEASES = re.compile(r"past_key_values|cache_position|\w*logits_to_keep|num_items_in_batch"
                          r"|position_\w+|second_per_grid_t?s|\w*_grid_thw|mm_token_type_ids"
                          r"|use_cache|rope_deltas")  # fmt: skip
# What the frames call a part of torch by.
_TORCH_PARTS = ("nn", "F", "torch", "optim", "dist")


def attribute(text: str) -> Iterator[Inferred]:
    """Yield an attribute that an object of a known package does not have."""
    for found in islice(_ATTRIBUTE.finditer(text), _MOST):
        frames = text_frames.before(text, found.start())
        if found["owner"] not in _PLAIN:
            yield from _attribute(found, frames)


def _attribute(found: re.Match[str], frames: tuple[Frame, ...]) -> Iterator[Inferred]:
    owner, name, start = found["owner"], found["name"], found.start()
    inner = frames[-1] if frames else None
    top = _owner(owner, frames)
    asker = text_frames.asker(frames)
    if not top and (foreign := import_names.attribute("transformers", name)) and foreign.since:
        # transformers asks a class that was written before it did.
        if not asker or asker == "transformers" or (inner and inner.remote):
            yield _older_class(owner, name, foreign.since, start)
        return
    base = import_names.attribute("transformers", name, owner) if _CONFIG.search(owner) else None
    if not top and base and base.until:
        yield from _missing("transformers", f"{owner}.{name}", base, asker, start)
        return
    if not top and inner and inner.top == "transformers" and f"self.{name}" in inner.code:
        yield _older_class(owner, name, "", start)
        return
    if not top and inner is None and _OF_MODELS.fullmatch(name):
        yield _older_class(owner, name, "", start)
        return
    if not top and _OF_TRL.match(owner):
        yield from _derived(owner, name, start)
    span = import_names.attribute(top, name, owner) if top else None
    if not top or (inner and inner.own and not span):
        return
    yield from _missing(
        top, f"{owner}.{name}", span or Span(), asker if asker != top else "", start
    )


def _derived(owner: str, name: str, start: int) -> Iterator[Inferred]:
    span = import_names.attribute("trl", name, owner)
    if span is not None:
        yield from _missing("trl", f"{owner}.{name}", span, "", start)
    values = {"call": owner, "name": name, "package": "trl"}
    yield Inferred(cause="class-for-other-release", start=start, values=values)


def _older_class(owner: str, name: str, since: str, start: int) -> Inferred:
    chain = msg("{asker} asks for it", asker="transformers")
    values = {"call": owner, "name": name}
    if since:
        values["since"] = since
        chain = msg("{package} has {name} since {since}", package="transformers", name=name,
                    since=since)  # fmt: skip
    older = Remedy(need="package", name="transformers", spec=f"<{since}")
    return Inferred(cause="class-older-than-transformers", start=start, chain=(chain,),
                    values=values, remedy=(older,) if since else ())  # fmt: skip


def _missing(top: str, name: str, span: Span, asker: str, start: int) -> Iterator[Inferred]:
    """Say that a package lacks a name: too old, too new, or of another time than who asks."""
    package, of = package_of(top), package_of(asker) if asker else ""
    told = list(text_names.came_or_went(package, name, span, of, start))
    yield from told
    if not told:
        both = (package, of) if of and of not in KEPT else (package,)
        yield Inferred(cause="package-api", start=start, vague=True,
                       values={"package": package, "name": name, **({"asker": of} if of else {})},
                       remedy=tuple(request(Remedy(need="package", name=n)) for n in both),
                       )  # fmt: skip


def argument(text: str) -> Iterator[Inferred]:
    """Yield an argument that a function of a known package does not take."""
    for found in islice(_ARGUMENT.finditer(text), _MOST):
        frames = text_frames.before(text, found.start())
        call, top = _callee(found["call"], found["name"], frames)
        inner = frames[-1] if frames else None
        mistaken = _OWN_MISTAKE.search(found[0]) and (inner is None or inner.own or not top)
        if top and (not mistaken or (inner is None and "multiple" in found[0])):
            yield _argument(top, call, found, frames)


def _argument(top: str, call: str, found: re.Match[str], frames: tuple[Frame, ...]) -> Inferred:
    package, asker = package_of(top), text_frames.asker(frames)
    of = package_of(asker) if asker and asker != top else ""
    span = import_names.keyword(top, call, found["name"]) or Span()
    values = {"package": package, "call": call, "argument": found["name"]}
    known = span.since or span.until or _OF_RELEASES.fullmatch(found["name"])
    if _MODEL_CALLED.match(call) and not known and "unexpected" in found[0]:
        return Inferred(cause="model-input-unknown", start=found.start(), values=values)
    chain = [msg("{call} is a function of {package}", call=call, package=package)]
    remedy = request(Remedy(need="package", name=package))
    if span.until:
        values["until"] = span.until
        remedy = Remedy(need="package", name=package, spec=f"<{span.until}")
    elif span.since:
        values["since"] = span.since
        remedy = request(Remedy(need="package", name=package, spec=f">={span.since}"))
    if of and of not in KEPT and not span.since:
        chain.append(msg("{asker} asks for it", asker=of))
        remedy = request(Remedy(need="package", name=of))
    return Inferred(cause="unexpected-argument", start=found.start(), values=values,
                    remedy=(remedy,), chain=tuple(chain))  # fmt: skip


def _callee(call: str, name: str, frames: tuple[Frame, ...]) -> tuple[str, str]:
    """Return what was called, and the module of the package that it is of; empty where unknown."""
    inner = frames[-1] if frames else None
    parts = [p for p in call.split(".") if p not in _ANYBODYS and p != "<lambda>"]
    for part in parts:
        if top := _owner(part, frames):
            return call, top
    if inner and call.endswith("__init__") and (made := _handed_on(frames)):
        return made
    for top in ("transformers", "gradio"):
        if parts and import_names.keyword(top, call, name):
            return call, top  # A name that other packages have as well.
    if parts or inner is None:
        return call, ""
    if inner.top == "transformers" and _LEFT_OVER.search(inner.code):
        return "from_pretrained", "transformers"
    return _in_code(inner.code, name, frames) or (call, "")


def _handed_on(frames: tuple[Frame, ...]) -> tuple[str, str] | None:
    """Return the class that the person's own program made, where its package's decorator failed."""
    inner = frames[-1]
    if not inner.top or inner.own or inner.top == "torch" or not _HANDED_ON.search(inner.code):
        return None
    own = next((f for f in reversed(frames) if f.own), None)
    made = _CLASS_MADE.search(own.code) if own else None
    return (made[1], inner.top) if made else None


def _in_code(code: str, name: str, frames: tuple[Frame, ...]) -> tuple[str, str] | None:
    """Return what a line of code calls with an argument, where a known package has it."""
    for found in re.finditer(r"([A-Za-z_][\w.]{0,100})\((?=[^()]*\b" + name + r"\s*=)", code):
        first, _, last = found[1].rpartition(".")
        if first.split(".")[0] in _TORCH_PARTS:
            return last, "torch"
        if top := _owner(last if last not in _ANYBODYS else first.rpartition(".")[2], frames):
            return found[1], top
    return None


def _owner(name: str, frames: tuple[Frame, ...]) -> str:
    """Return the module of the package that a class or function is of, by its name or its form."""
    if known := import_names.owner(name):
        return known
    if name.startswith("Patched"):
        return "lmdeploy"
    inner = frames[-1].top if frames else ""
    like = inner == "transformers" and _LIKE_TRANSFORMERS.match(name)
    if inner in _TRAINERS and _BASE_TRAINER.match(name):
        return "transformers"
    return "transformers" if like or _OF_TRANSFORMERS.match(name) else ""
