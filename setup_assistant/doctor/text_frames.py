"""The frames of a traceback that stand above an error: file, package, function and code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from setup_assistant.doctor.package_names import package_of

# Characters and lines above an error that are looked at.
_NEAR, _LINES = 20_000, 400
_PYTHON = re.compile(
    r"File \"(?P<file>[^\"\n]{1,400})\", line \d+(?:, in (?P<function>[\w.<>]{1,100}))?"
)
# IPython and rich: the code of the frame stands under it, marked by an arrow.
_NOTEBOOK = re.compile(
    r"^\W{0,4}(?:File )?(?P<file>(?:[A-Za-z]:|[~./])[^\s:]{1,300}\.py)"
    r"(?:(?::\d+\)?,?)? in (?P<function>[\w.<>]{1,100})|:\d+\s*$)"
)
_CODE = re.compile(r"^\s*(?:[-─]+>|❱)\s*\d+\s*[│|]?\s*(?P<code>\S[^\n]*?)\s*[│|]?$")
_BEGINS = re.compile(r"Traceback \(most recent call last\)|Traceback \(innermost last\)")
_PACKAGE = re.compile(r"(?:site|dist)-packages[/\\]{1,2}(?P<top>[A-Za-z_]\w*)|"
                      r"(?P<written>unsloth)_compiled_")  # fmt: skip
# The folder of a package within the checkout of its sources, which is called like it.
_CHECKOUT = re.compile(
    r"(?=[/\\](?P<name>[\w.-]+)[/\\](?:src[/\\]|python[/\\])?(?P<top>transformers|accelerate|peft|trl"
    r"|vllm|sglang|lmdeploy|verl|llamafactory|swift|diffusers|unsloth|deepspeed|bitsandbytes"
    r"|awq|gptqmodel)[/\\])"
)
# Code that a model's folder brings, and what the interpreter has of its own.
_REMOTE = re.compile(r"transformers_modules[/\\]")
_LIBRARY = re.compile(r"[/\\]lib[/\\]python3|[/\\]Lib[/\\]|<frozen|<string>|importlib")
# Functions that only look up what another frame asks for.
_LOOKUP = re.compile(r"__getattr(?:ibute)?__$|_call_impl$|_wrapped_call_impl$|decorate_context$")


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One frame; `top` is the folder of its package, empty where it is in none."""

    file: str
    function: str = ""
    code: str = ""
    top: str = ""

    @property
    def remote(self) -> bool:
        """Whether it is of the code that a model's folder brings."""
        return bool(_REMOTE.search(self.file))

    @property
    def own(self) -> bool:
        """Whether it is in a file of the person's own."""
        return not self.top and not self.remote and not _LIBRARY.search(self.file)


def before(text: str, start: int) -> tuple[Frame, ...]:
    """Return the frames above a place of a text, the innermost last, without those that look up.

    Args:
        text: a cleaned log.
        start: where the message of the error begins.
    """
    found = _read(text[max(0, start - _NEAR) : start].split("\n")[-_LINES:])
    return tuple(frame for frame in found if not _LOOKUP.search(frame.function))


def asker(frames: tuple[Frame, ...]) -> str:
    """Return the package folder of the innermost frame; empty where it is the person's own."""
    return frames[-1].top if frames else ""


def asker_of(text: str, start: int, top: str) -> str:
    """Return the package of the innermost frame above a place, apart from those of one folder."""
    found = next((f.top for f in reversed(before(text, start)) if f.top != top), "")
    return package_of(found) if found else ""


def _read(lines: list[str]) -> list[Frame]:
    frames: list[Frame] = []
    for line, follows in _pairs(lines):
        if _BEGINS.search(line):
            frames = []
        elif found := _PYTHON.search(line[:1_000]):
            frames.append(_frame(found, follows.strip()))
        elif found := _NOTEBOOK.search(line[:1_000]):
            frames.append(_frame(found, ""))
        elif frames and (arrow := _CODE.match(line[:1_000])):
            last = frames.pop()
            frames.append(Frame(file=last.file, function=last.function, top=last.top,
                                code=arrow["code"]))  # fmt: skip
    return frames


def _frame(found: re.Match[str], code: str) -> Frame:
    package = _PACKAGE.search(found["file"])
    top = (package["top"] or package["written"]) if package else _checked_out(found["file"])
    return Frame(file=found["file"], function=found["function"] or "", code=code[:400], top=top)


def _checked_out(file: str) -> str:
    said = ((f["top"], re.sub(r"[\W_]", "", f["name"]).lower()) for f in _CHECKOUT.finditer(file))
    return next((top for top, name in said if top in name), "")


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    return zip(lines, [*lines[1:], ""], strict=False)
