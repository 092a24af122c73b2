"""Which requirements of installed packages are not met, told from metadata alone.

Most requirements are plain (PEP 508: a name, bounds of numbers, a marker or two) and are judged
here; what is not is left to `packaging`, which takes longer to load than all of them to judge.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from setup_assistant.doctor.install import Install
from setup_assistant.host.prefix import normal_name
from setup_assistant.versions import at_least, minor, numbers

_LINE = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*\(?([^;()@]*)\)?\s*(?:;\s*(.*))?$")
_BOUND = re.compile(r"(===?|>=|<=|!=|~=|>|<)\s*(\d+(?:\.\d+)*)(\.\*)?$")
_TERM = re.compile(r"(\w+)\s*(==|!=|>=|<=|>|<)\s*['\"]([^'\"]*)['\"]$")
_TOKEN = re.compile(r"[()]|\band\b|\bor\b|\w+\s*(?:==|!=|>=|<=|>|<)\s*(?:'[^']*'|\"[^\"]*\")")
_JOINS = ("(", ")", "and", "or")
_PLAIN = re.compile(r"\d+(?:\.\d+)*(?:\.?post\d+)?(?:\+[\w.]+)?$")


@dataclass(frozen=True, kw_only=True)
class Need:
    """One requirement: a package by its normal name, bounds such as `>=2.0,<3`, and extras."""

    name: str
    bounds: str = ""
    extras: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Unmet:
    """One requirement that is not met. `have` is the installed version, None where absent."""

    asked_by: str
    name: str
    text: str
    have: str | None

    @property
    def pin(self) -> str:
        """What to give to pip."""
        return self.text.replace(" ", "")


def unmet(install: Install, roots: tuple[str, ...]) -> Iterator[Unmet]:
    """Yield what `roots` and everything below them ask for and do not get."""
    for asking, need in asked(install, *roots):
        have = install.version(need.name)
        if have is None or not meets(have, need.bounds):
            yield Unmet(asked_by=asking, name=need.name, text=f"{need.name}{need.bounds}",
                        have=have)  # fmt: skip


def below_floor(install: Install, name: str, extras: tuple[str, ...]) -> Iterator[Unmet]:
    """Yield what is there, but older than `name` accepts where it uses it at all.

    Such needs stand under extras, which are seldom installed by name. Upper bounds are left out:
    most newer releases work.
    """
    dist = install.by_name.get(name)
    marks = [f'"{extra}"' for extra in extras] + [f"'{extra}'" for extra in extras]
    for text in dist.requires() if dist else ():
        if not any(mark in text for mark in marks):
            continue
        need = _applies(text, install, frozenset(extras))
        have = install.version(need.name) if need else None
        if need is None or have is None:
            continue
        floors = [b.strip() for b in need.bounds.split(",") if b.strip().startswith(">")]
        if not at_least(have, max((f.strip(">= ") for f in floors), key=numbers, default="0")):
            yield Unmet(asked_by=name, name=need.name, text=f"{need.name}{','.join(floors)}",
                        have=have)  # fmt: skip


def asked(install: Install, *roots: str) -> Iterator[tuple[str, Need]]:
    """Yield every requirement of `roots` and of everything below them, and who has it.

    Markers are judged for the environment's Python, not for this process's. Extras are followed,
    as torch's CUDA libraries hang on those of `cuda-toolkit`.
    """
    todo: list[tuple[str, frozenset[str]]] = [(name, frozenset()) for name in roots]
    done: set[tuple[str, frozenset[str]]] = set()
    while todo:
        name, extras = todo.pop(0)
        dist = install.by_name.get(name)
        if dist is None or (name, extras) in done:
            continue
        done.add((name, extras))
        for text in dist.requires():
            need = _applies(text, install, extras)
            if need is not None:
                yield name, need
                todo.append((need.name, need.extras))


def meets(have: str, bounds: str) -> bool:
    """Whether a version lies within bounds such as `>=2.0,!=2.3.*,<3`."""
    clauses = [clause.strip() for clause in bounds.split(",") if clause.strip()]
    found = [_BOUND.match(clause) for clause in clauses]
    if _PLAIN.match(have) and all(found):
        return all(_within(numbers(have), m[1], m[2], bool(m[3])) for m in found if m)
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        return SpecifierSet(bounds).contains(Version(have), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def _within(have: tuple[int, ...], sign: str, bound: str, star: bool) -> bool:
    """Compare as PEP 440 does for plain releases; a star stands for any further number."""
    there = numbers(bound)
    if star:
        same = have[: len(there)] == there
        return same if sign == "==" else not same
    if sign == "~=":
        return have >= there and have[: len(there) - 1] == there[:-1]
    width = max(len(have), len(there))
    left, right = ((*v, *(0,) * (width - len(v))) for v in (have, there))
    return {"==": left == right, "===": left == right, "!=": left != right, ">=": left >= right,
            "<=": left <= right, ">": left > right, "<": left < right}[sign]  # fmt: skip


def _applies(text: str, install: Install, extras: frozenset[str]) -> Need | None:
    """Return the requirement where it holds in this environment with these extras."""
    # Most lines hang on extras that nobody asked for: they are told by a glance.
    if "extra" in text and not any(f'"{e}"' in text or f"'{e}'" in text for e in extras):
        return None
    found = _LINE.match(text)
    if not found:
        return None
    python = install.python or "3.11"
    about = {"python_version": minor(python), "python_full_version": python,
             "platform_system": platform.system(), "sys_platform": sys.platform,
             "platform_machine": platform.machine(), "os_name": "posix",
             "implementation_name": "cpython",
             "platform_python_implementation": "CPython"}  # fmt: skip
    if found[4] and not any(_holds(found[4], {**about, "extra": e}) for e in extras or {""}):
        return None
    wanted = (extra.strip() for extra in (found[2] or "").split(","))
    return Need(name=normal_name(found[1]), bounds=found[3].strip().replace(" ", ""),
                extras=frozenset(e for e in wanted if e))  # fmt: skip


def _holds(marker: str, about: Mapping[str, str]) -> bool:
    """Whether a marker holds; comparisons joined by `and`, `or` and brackets are judged here."""
    tokens = _TOKEN.findall(marker)
    plain = "".join(tokens).replace(" ", "") == marker.replace(" ", "")
    terms = [_TERM.match(t) for t in tokens if t not in _JOINS]
    if plain and all(t is not None and t[1] in about for t in terms):
        return _either(tokens, about)
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    try:
        return Marker(marker).evaluate(dict(about))
    except (InvalidMarker, UndefinedEnvironmentName):
        return False


def _either(tokens: list[str], about: Mapping[str, str]) -> bool:
    """Take alternatives off the front of `tokens`; each is a chain of `and`."""
    found = _both(tokens, about)
    while tokens and tokens[0] == "or":
        tokens.pop(0)
        found = _both(tokens, about) or found
    return found


def _both(tokens: list[str], about: Mapping[str, str]) -> bool:
    found = _one(tokens, about)
    while tokens and tokens[0] == "and":
        tokens.pop(0)
        found = _one(tokens, about) and found
    return found


def _one(tokens: list[str], about: Mapping[str, str]) -> bool:
    first = tokens.pop(0) if tokens else ""
    if first == "(":
        found = _either(tokens, about)
        tokens[:1] = []  # its closing bracket
        return found
    term = _TERM.match(first)
    return term is not None and _true(about[term[1]], term[2], term[3], "version" in term[1])


def _true(have: str, sign: str, wanted: str, version: bool) -> bool:
    if version:
        return _within(numbers(have), sign, wanted, star=False)
    return (have == wanted) == (sign == "==") if sign in ("==", "!=") else False
