"""Infer from the names of weights: what a checkpoint holds and a program has no place for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from setup_assistant.catalog.causes import Remedy
from setup_assistant.doctor import text_frames
from setup_assistant.doctor.inferred import Inferred
from setup_assistant.doctor.package_names import package_of, request

# A name of a tensor: parts of a model, with the number of a layer or the kind of tensor at its end.
_UNPLACED = re.compile(
    r"KeyError: ['\"](?P<name>(?:[A-Za-z_]\w*\.)+(?:\d+\.[\w.]{1,120}|(?:weight|bias|qweight|qzeros"
    r"|scales?|g_idx|absmax|w\d+_\w+|\w+_(?:weight|bias|scale|proj|packed|point|embedding))(?:_\w+)?))['\"]"
    r"|no module or parameter named ['\"](?P<part>[A-Za-z_][\w.]{1,120})['\"] in \w+"
)
# Programs that load weights by themselves.
_LOADERS = re.compile(
    r"(?:[/\\](?:third_party[/\\])?|\b)(?P<top>verl|vllm|sglang|lmdeploy|llamafactory|swift|xinference"
    r"|transformers|peft|diffusers)(?=[/\\._ ]|\b)"
)

# A key that a package looks up among the models or methods that it knows.
_KEY = re.compile(r"KeyError: ['\"](?P<key>[\w./-]{2,80})['\"]\s*$", re.MULTILINE)
_TABLE = re.compile(
    r"(?:MAP\w*|REGISTRY|CLASSES|FUNCTIONS|MODELS|TEMPLATES?)\b\)?(?:\[|\.get\()|raise KeyError"
)


def unplaced(text: str) -> Iterator[Inferred]:
    """Yield a weight of a checkpoint that the loading program has no place for."""
    for found in islice(_UNPLACED.finditer(text), 1):
        frames = text_frames.before(text, found.start())
        top = text_frames.asker(frames)
        if not top or top in ("torch", "ray", "safetensors"):
            code = "\n".join(f.file for f in reversed(frames)) + "\n" + text
            loader = _LOADERS.search(code)
            top = loader["top"] if loader else ""
        asker = package_of(top) if top else ""
        remedy = (request(Remedy(need="package", name=asker)),) if asker else ()
        values = {"name": found["name"] or found["part"], **({"asker": asker} if asker else {})}
        yield Inferred(cause="checkpoint-names", start=found.start(), remedy=remedy, values=values)


def unlisted(text: str) -> Iterator[Inferred]:
    """Yield a model or method that a package looks up among those it knows, in vain."""
    for found in islice(_KEY.finditer(text), 1):
        frames = text_frames.before(text, found.start())
        inner = next((f for f in reversed(frames) if "raise KeyError" not in f.code), None)
        if inner and inner.top not in ("", "torch", "transformers") and _TABLE.search(inner.code):
            package = package_of(inner.top)
            yield Inferred(cause="not-supported-yet", start=found.start(),
                           values={"package": package, "what": found["key"]},
                           remedy=(request(Remedy(need="package", name=package)),))  # fmt: skip
