"""Infer from a name that is not there: whose it is, who asks, and which release has it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from itertools import islice

from setup_assistant.catalog import import_names
from setup_assistant.catalog.causes import Remedy
from setup_assistant.catalog.import_names import Span
from setup_assistant.doctor import text_frames
from setup_assistant.doctor.inferred import Inferred
from setup_assistant.doctor.package_names import FAMILIAR, KEPT, package_of, request
from setup_assistant.messages import msg

_NAMED = re.compile(
    r"cannot import name ['‘\"](?P<name>\w+)['’\"] from "
    r"['‘\"](?P<module>[A-Za-z_][\w.]*)(?:['’\"]|$)"
    r"(?P<file> \([^)\n]{0,400})?",
    re.MULTILINE,
)
_PART = re.compile(r"No module named '(?P<module>[A-Za-z_]\w*(?:\.(?!_C|_version)\w+)+)'")
_ATTRIBUTE = re.compile(r"module '(?P<module>[A-Za-z_][\w.]*)' has no attribute '(?P<name>\w+)'")
# Packages that put parts of their own in place of those of transformers while they run.
_PATCHERS = ("liger_kernel", "minference", "unsloth", "unsloth_zoo", "verl",
             "llamafactory", "swift", "fastchat")  # fmt: skip
_RAISED = re.compile(r"^\W{0,8}(?P<kind>[A-Za-z_.]{0,60}Error): (?P<said>[^\n]*)", re.MULTILINE)
_UNDEFINED = re.compile(r"name '(?P<name>\w+)' is not defined")
_OF_PATCHES = ("NameError", "TypeError", "RuntimeError", "AttributeError",
               "ValueError", "IndexError")  # fmt: skip
_ABSENT = re.compile(
    r"ModuleNotFoundError: No module named ['\"]?(?P<module>[A-Za-z_]\w*)['\"]?\s*$", re.MULTILINE
)
# Compiled parts, modules of the interpreter and of Windows or Unix alone: no package brings them.
_NOT_TO_INSTALL = ("flash_attn_2_cuda", "flash_attn", "apex", "fcntl", "resource", "imp",
                   "distutils", "triton", "torch", "winreg", "pwd", "termios")  # fmt: skip
# What programs for models import, and what the index calls so or by a name that is known.
_KNOWN = re.compile(
    r"(?:spaces|gradio(?:_client)?|timm|einops|datasets|peft|trl|deepspeed|wandb|fire|tiktoken|pandas"
    r"|omegaconf|loguru|rich|matplotlib|scipy|tqdm|requests|openai|ray|fastapi|uvicorn|seaborn|nltk"
    r"|imageio|moviepy|soundfile|librosa|easydict|yacs|termcolor|colorama|sentencepiece|accelerate"
    r"|bitsandbytes|decord|av|qwen_vl_utils|modelscope|transformers|diffusers|safetensors|psutil"
    r"|cv2|PIL|yaml|sklearn|skimage|dotenv|fitz|pydantic|httpx|aiohttp|dashscope)$"
)
_REFUSED = re.compile(
    r"(?:Error|Exception): (?:[^\n]{0,80}?\b)?"
    r"(?P<what>[\w.-]{3,60}) (?:is not|isn.t) (?:yet )?supported\b|"
    r"(?:Error|Exception): (?:Unsupported|Unknown|Unrecognized|Unimplemented) (?:model|architecture"
    r"|model type|quantization)[\w ]{0,20}[:=]? ['\"]?(?P<which>[\w.-]{3,60})"
)
# Servers whose faults within themselves a newer release mends.
ENGINES = ("vllm", "sglang", "lmdeploy")
_FAULT = re.compile(
    r"^[^\n]{0,160}?(?P<kind>(?:Name|UnboundLocal|Type|Runtime|Attribute|Value|Index|Key|Assertion)Error)"
    r"(?:: |\s*$)",
    re.MULTILINE,
)
# It stands further up in the log why.
_ENDED = re.compile(r"Engine core initialization failed|initialization failed due to an exception"
                    r"|Engine process failed to start|EngineCore encountered an issue")  # fmt: skip
# What vLLM says when one of its own processes has ended.
_OF_VLLM = re.compile(r"Got fatal signal from worker|EngineDeadError|EngineCore[^\n]{0,40} failed")
_LETTERS = re.compile(r"[\W_]+")


def changed(text: str) -> Iterator[Inferred]:
    """Yield names that a package has only since, or until, a release."""
    for pattern in (_NAMED, _PART, _ATTRIBUTE):
        for found in islice(pattern.finditer(text), 100):
            module, name = found["module"], found.groupdict().get("name", "")
            if not name:
                module, _, name = module.rpartition(".")
            yield from _of_name(text, module, name, found.start())


def _of_name(text: str, module: str, name: str, start: int) -> Iterator[Inferred]:
    top = module.partition(".")[0]
    span = import_names.span(module, name)
    package = package_of(top)
    if span is None:
        yield from _misspelt(top, name, package, start)
        return
    yield from came_or_went(package, name, span, text_frames.asker_of(text, start, top), start)


def came_or_went(package: str, name: str, span: Span, asker: str, start: int) -> Iterator[Inferred]:
    """Yield a name that a package has not yet, or no more; nothing where no release is known."""
    values = {"package": package, "name": name, **({"asker": asker} if asker else {})}
    if span.since and not (span.until and asker):
        chain = msg("{package} has {name} since {since}", package=package, name=name,
                    since=span.since)  # fmt: skip
        remedy = Remedy(need="package", name=package, spec=f">={span.since}")
        yield Inferred(cause="name-not-yet", start=start, chain=(chain,), remedy=(request(remedy),),
                       values={**values, "since": span.since})  # fmt: skip
    elif span.until:
        said = [msg("{package} has no {name} from {until} on", package=package, name=name,
                    until=span.until)]  # fmt: skip
        remedy = Remedy(need="package", name=package, spec=f"<{span.until}")
        if asker:
            said.append(msg("{asker} asks for it", asker=asker))
            remedy = request(Remedy(need="package", name=asker)) if asker not in KEPT else remedy
        yield Inferred(cause="name-gone", start=start, chain=tuple(said), remedy=(remedy,),
                       values={**values, "until": span.until})  # fmt: skip


def _misspelt(top: str, name: str, package: str, start: int) -> Iterator[Inferred]:
    """Yield a name that a package has with other underscores or capitals."""
    wanted = _LETTERS.sub("", name).lower()
    for known in import_names.names(top):
        if known != name and _LETTERS.sub("", known).lower() == wanted:
            yield Inferred(cause="name-misspelt", start=start,
                           values={"package": package, "name": name, "like": known})  # fmt: skip
            return


def raised_inside(text: str) -> Iterator[Inferred]:
    """Infer from the innermost frame of the last exception, where it is in a package."""
    last = next(iter(deque(_RAISED.finditer(text), maxlen=1)), None)
    frames = text_frames.before(text, last.start()) if last else ()
    if last is None or not frames or not frames[-1].top:
        return
    top, package = frames[-1].top, package_of(frames[-1].top)
    meant = frames[-1].code.startswith("raise ")
    if top in _PATCHERS and last["kind"] in _OF_PATCHES and not meant:
        chain = msg("the innermost frame is of {asker}", asker=package)
        yield Inferred(cause="patches-other-release", start=last.start(),
                       values={"package": package}, chain=(chain,),
                       remedy=(Remedy(need="package", name=package),))  # fmt: skip
    undefined = _UNDEFINED.match(last["said"])
    if last["kind"] == "NameError" and undefined:
        yield from _optional(package, frames[-1].function, undefined["name"], last.start())


def engine_fault(text: str) -> Iterator[Inferred]:
    """Yield a server that failed within itself, where nothing else says why."""
    last = next(iter(deque(_FAULT.finditer(text), maxlen=1)), None)
    frames = text_frames.before(text, last.start()) if last else ()
    if last is None or _ENDED.match(text, last.end()):
        return
    values = {"package": "vllm"}
    # A local name that is read before it is set is a mistake of whoever wrote the function.
    top = frames[-1].top if frames else ""
    if top in ENGINES or (top and last["kind"] == "UnboundLocalError"):
        values = {"package": package_of(top), "where": frames[-1].function or "?"}
    elif frames or not _OF_VLLM.search(text):
        return
    yield Inferred(cause="engine-fault", start=last.start("kind"), values=values,
                   remedy=(Remedy(need="package", name=values["package"]),))  # fmt: skip


def _optional(package: str, where: str, name: str, start: int) -> Iterator[Inferred]:
    """Yield a name that a package would have imported, had another package been there."""
    if where != "<module>" and not where[:1].isupper():
        # Within a function it may be a mistake of the package itself.
        return
    top = import_names.owner(name)
    owner = package_of(top) if top else ""
    chain = msg("{name} comes from {package}", name=name, package=owner)
    yield Inferred(cause="optional-part-absent", start=start,
                   values={"package": package, "name": name}, chain=(chain,) if owner else (),
                   remedy=(Remedy(need="package", name=owner or package),))  # fmt: skip


def absent(text: str) -> Iterator[Inferred]:
    """Yield a module that another package imports, and that is not installed."""
    for found in islice(_ABSENT.finditer(text), 100):
        frames = text_frames.before(text, found.start())
        top, asker = found["module"], text_frames.asker(frames)
        if not asker and _KNOWN.match(top):
            yield Inferred(cause="package-missing", start=found.start(),
                           values={"package": package_of(top), "module": top})  # fmt: skip
        if not asker or asker in (top, "torch") or top.startswith("_") or top in _NOT_TO_INSTALL:
            continue
        if top == "uvloop" and "\\" in frames[-1].file:
            continue  # There is none for Windows.
        package = package_of(top)
        name, _, bound = package.partition("<")
        values = {"asker": package_of(asker), "package": name}
        chain = msg("the innermost frame is of {asker}", asker=values["asker"])
        remedy = Remedy(need="package", name=name, spec=f"<{bound}" if bound else "")
        yield Inferred(cause="dependency-absent", start=found.start(), values=values,
                       chain=(chain,), remedy=(remedy,))  # fmt: skip


def refused(text: str) -> Iterator[Inferred]:
    """Yield a package that raises because it does not know a kind of model or method yet."""
    last = next(iter(deque(_REFUSED.finditer(text), maxlen=1)), None)
    if last is None:
        return
    top = text_frames.asker(text_frames.before(text, last.start()))
    if top and top not in ("torch", "transformers"):
        package = package_of(top)
        yield Inferred(cause="not-supported-yet", start=last.start(), vague=True,
                       values={"package": package, "what": last["what"] or last["which"]},
                       remedy=(Remedy(need="package", name=package),))  # fmt: skip


def of_another(text: str) -> Iterator[Inferred]:
    """Infer from the frame that asks: a package that asks another for what it does not have."""
    for pattern in (_NAMED, _PART, _ATTRIBUTE):
        for found in islice(pattern.finditer(text), 100):
            top, name = found["module"].partition(".")[0], found.groupdict().get("name", "")
            asker, package = text_frames.asker_of(text, found.start(), top), package_of(top)
            inside = "." in found["module"] and pattern is not _ATTRIBUTE
            if inside and text_frames.asker_of(text, found.start(), "") == package:
                # It misses a part of its own: two of its releases lie over each other.
                asker, said = "", msg("the innermost frame is of {asker}", asker=package)
                yield Inferred(cause="package-mixed", start=found.start(), chain=(said,),
                               values={"package": package, "name": found["module"]})  # fmt: skip
            if not asker:
                yield from _of_program(text, package, found)
            if not asker or asker == package:
                continue
            values = {"asker": asker, "package": package, "name": name or found["module"]}
            chain = msg("the innermost frame is of {asker}", asker=asker)
            remedy: tuple[Remedy, ...] = (Remedy(need="package", name=asker),)
            if package == "torch":
                remedy = (request(Remedy(need="package", name=package)),)
            if package == "transformers":
                # Which of the two is behind no text tells; their newest releases go together.
                remedy = (Remedy(need="package", name=package), *remedy)
            yield Inferred(cause="package-api", start=found.start(), values=values, chain=(chain,),
                           remedy=remedy)  # fmt: skip


def _of_program(text: str, package: str, found: re.Match[str]) -> Iterator[Inferred]:
    """Yield a name that the person's program asks an installed package for."""
    top, _, part = found["module"].partition(".")
    said = found.groupdict()
    there = "-packages/" in (said.get("file") or "").replace("\\", "/")
    if not there and not FAMILIAR.match(top) and not re.search(rf"-packages[/\\]{top}\b", text):
        return
    if package in ("numpy", "setuptools"):
        return
    yield Inferred(cause="package-api", start=found.start(),
                   values={"package": package, "name": said.get("name") or part}, vague=True,
                   remedy=(request(Remedy(need="package", name=package)),))  # fmt: skip
