"""Every limit, share and budget as it was last reviewed: a change of one shows in a difference."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import setup_assistant
from tests.recorded import compare

PACKAGE = Path(setup_assistant.__file__).parent
ROOMS = ("bundle", "choose", "doctor", "host/transfer", "machine", "site", "steps", "weights")
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


def test_limits_are_as_they_were_recorded() -> None:
    found: dict[str, str] = {}
    for room in ROOMS:
        lines = []
        for path in sorted((PACKAGE / room).rglob("*.py")):
            if path.stem.startswith("text_"):
                continue  # words of other programs
            dotted = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
            own = re.findall(
                r"(?m)^(_?[A-Z][A-Z0-9_, _]*?)(?:: [^=\n]+)? = ", path.read_text("utf-8")
            )
            module = importlib.import_module(dotted.removesuffix(".__init__")) if own else None
            for name in (n for names in own for n in names.split(", ")):
                value = getattr(module, name, None)
                if plain(value) and str(PACKAGE.parent) not in (text := shown(value)):
                    lines.append(f"{path.stem}.{name} = {' '.join(text.split())}")
        found[room] = "\n".join(lines)
    compare(Path(__file__).with_name("recorded_limits.txt"), found)
