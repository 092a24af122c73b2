"""Every limit, share, budget and default as last reviewed: the difference shows a changed one."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import setup_assistant
from tests.recorded import compare

PACKAGE = Path(setup_assistant.__file__).parent
ROOMS = (
    "bundle", "choose", "doctor", "fleet", "host", "machine", "mirror", "site", "steps", "verify",
    "weights",
)  # fmt: skip
# They run elsewhere: in another environment, or as a part of Ansible.
ELSEWHERE = {"inside", "callback"}
SIMPLE = (bool, int, float, str)


def plain(value: object) -> bool:
    """Whether a value is a number or a word, or holds nothing else."""
    if type(value) in (tuple, frozenset, set, list):
        return all(map(plain, value))  # type: ignore[call-overload]
    if type(value) is dict:
        return all(plain(v) for pair in value.items() for v in pair)
    # A text of several lines is no limit.
    return type(value) in SIMPLE and "\n" not in str(value)


def shown(value: object) -> str:
    return repr(sorted(value) if isinstance(value, (set, frozenset)) else value)


def functions(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    """What a module defines that may be called, with the constructors of its values."""
    for name, value in vars(module).items():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(value):
            own = vars(value).items()
            yield from ((f"{name}.{n}", f) for n, f in own if inspect.isfunction(f))
        elif inspect.isfunction(value):
            yield name, value


def defaults(module: ModuleType) -> Iterator[str]:
    """What is taken where a caller says nothing, but for nothing itself."""
    for name, function in functions(module):
        for parameter in inspect.signature(function).parameters.values():
            value = parameter.default
            if value not in (None, "", ()) and value is not parameter.empty and plain(value):
                yield f"{name}({parameter.name}={shown(value)})"


def constants(module: ModuleType, text: str) -> Iterator[str]:
    own = re.findall(r"(?m)^(_?[A-Z][A-Z0-9_, _]*?)(?:: [^=\n]+)? = ", text)
    for name in (n for names in own for n in names.split(", ")):
        value = getattr(module, name, None)
        if plain(value) and str(PACKAGE.parent) not in (said := shown(value)):
            yield f"{name} = {' '.join(said.split())}"


def test_limits_are_as_they_were_recorded() -> None:
    found: dict[str, str] = {}
    for room in ROOMS:
        lines = []
        for path in sorted((PACKAGE / room).rglob("*.py")):
            if ELSEWHERE.intersection(path.parts):
                continue
            dotted = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
            module = importlib.import_module(dotted.removesuffix(".__init__"))
            told = [*constants(module, path.read_text("utf-8")), *defaults(module)]
            lines += [f"{path.stem}.{line}" for line in told]
        found[room] = "\n".join(lines)
    compare(Path(__file__).with_name("recorded_limits.txt"), found)
