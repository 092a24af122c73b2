"""Read which versions disagree, from the sentences of pip, uv, conda and setuptools.

What is asked and what is there stands in the text; the pair itself no table could hold.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from setup_assistant.doctor.package_names import package_of

_NAME = r"[A-Za-z][\w.-]{0,60}"
_VERSION = r"\d[\w.+!-]{0,40}"
# pip install and pip check; the words after "but" name what is there.
_PIP = re.compile(
    rf"^\W{{0,8}}(?:ERROR: |WARNING: )?(?P<asker>{_NAME}) (?P<of>{_VERSION}) "
    rf"(?:requires|has requirement) (?P<need>{_NAME}[^\n]{{0,300}}?), "
    rf"(?:but you(?:'ll)? have (?:{_NAME}) (?P<have>{_VERSION})|which is not installed)",
    re.MULTILINE,
)
_UV = re.compile(
    rf"[Tt]he package `(?P<asker>{_NAME})` requires `(?P<need>[^`\n]{{1,200}})`, but "
    rf"(?:`(?P<have>{_VERSION})` is installed|it's not installed)"
)
_RESOURCES = re.compile(
    rf"VersionConflict: \((?P<name>{_NAME}) (?P<have>{_VERSION})[^\n]{{0,300}}?"
    rf"Requirement\.parse\('(?P<need>[^'\n]{{1,200}})'\)(?:, \{{'(?P<asker>{_NAME})'\}})?"
)
_DEPENDS = re.compile(
    rf"^[ \t]*(?:(?P<asker>{_NAME}) (?P<of>{_VERSION}) depends on|The user requested)"
    rf"(?: \(constraint\))? (?P<need>{_NAME}[^\n]{{0,200}})$",
    re.MULTILINE,
)
# The list of pip begins here; who shortens it leaves the heading out.
_CAUSED = re.compile(r"The conflict is caused by|^[ \t]*The user requested \S", re.MULTILINE)
# What uv says of an index whose newest release is older than what is asked for.
_ONLY = re.compile(
    rf"[Oo]nly\s+(?P<name>{_NAME})(?:<=|==)(?P<high>{_VERSION})\s+is\s+available\s+and\s+"
    rf"[^\n]{{0,100}}(?:\n[^\n]{{0,100}})?\b(?:depends\s+on|requires?)\s+"
    rf"(?P<need>(?P=name)[<>=!~][^\s`]{{1,80}})"
)
_BECAUSE = re.compile(
    rf"(?<![\w.])(?P<asker>[A-Za-z][\w-]{{0,60}})"
    rf"(?:==(?P<of>{_VERSION})|[<>!~][\w<>=!~,.*+]{{1,80}})? depends on "
    rf"(?P<need>{_NAME}[<>=!~][^\s`]{{0,80}})|"
    rf"(?:you require|you're requiring|your project requires) (?P<you>{_NAME}[<>=!~][^\s`]{{0,80}})"
)
_OF_CUDA = re.compile(rf"({_NAME}==[\d.]+)(?:\+\w+)? depends on system:cuda==(\d[\d.]*\d)")
_LIST = re.compile(
    rf"satisfies the requirement (?P<need>{_NAME}[^\s(]{{0,80}})[^\n(]{{0,80}}"
    r"\(from versions: (?P<offered>[^)\n]{1,20000})"
)
# A program's own words for what it asks; bounds are written with or without a blank.
_ASKED = re.compile(
    rf"(?<!you )(?:requires?|needs?|up(?:grade|date)(?: to)?|must (?:have|be)|at least)"
    rf" (?:the )?(?:latest )?(?:version of )?[`'\"]?(?P<name>{_NAME}) ?"
    rf"(?P<spec>(?:[<>=!~]=?) ?\d[\w.]*(?: ?, ?[<>=!~]=? ?\d[\w.]*)?)",
    re.IGNORECASE,
)
# SGLang's words of what is installed.
_LESS = re.compile(
    rf"(?P<name>{_NAME}) is installed with version (?P<have>{_VERSION}), which is less than the"
    rf" minimum required version (?P<least>\d[\w.]{{0,20}}\w)|"
    rf"(?P<absent>{_NAME}) with minimum required version (?P<from>\d[\w.]{{0,20}}\w) is not "
    rf"installed"
)
_PYTHON = ("python", "cuda", "driver", "gcc", "glibc", "version", "compute", "sm", "capability")
_MOST, _COMPARED = 12, 100


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one package asks of another. `asker` is empty for the person; `have` where unknown."""

    asker: str
    need: Requirement
    have: str = ""
    start: int = 0

    @property
    def name(self) -> str:
        """The package that is asked for."""
        return str(canonicalize_name(self.need.name))

    @property
    def spec(self) -> str:
        """The bounds, as pip takes them."""
        return str(self.need.specifier)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What an index has, where it has not what is wanted; ordered from old to new."""

    name: str
    wanted: SpecifierSet
    versions: tuple[Version, ...]
    start: int = 0


def unmet(text: str) -> list[Need]:
    """Return the demands that the text itself says are not met by what is installed."""
    told = (n for pattern in (_PIP, _UV, _RESOURCES) for n in _needs(pattern, text))
    found = chain(told, _too_old(text))
    return list(islice((n for n in found if not n.have or not _accepts(n.need.specifier, n.have)),
                       _MOST))  # fmt: skip


def conflicting(text: str) -> list[Need]:
    """Return demands on one package that exclude each other; of one alone: nothing has it."""
    groups: dict[str, list[Need]] = defaultdict(list)
    # Each is held against each other.
    for need in _depends(text):
        groups[need.name].append(need)
    clashing = (clash for group in groups.values() if (clash := _clash(group)))
    return next(clashing, _lonely(groups))


def agreed(text: str, name: str) -> str:
    """Return what the packages alone demand of one, where they agree; else empty."""
    needs = [n for n in _depends(text) if n.name == name and n.asker]
    if "The conflict is caused by" not in text or _clash(needs):
        return ""
    every = {str(s): s for n in needs for s in n.need.specifier}.values()
    low = max((s for s in every if s.operator == ">="), key=_bound, default=None)
    high = min((s for s in every if s.operator == "<"), key=_bound, default=None)
    kept = [s for s in every if s.operator not in (">=", "<") or s in (low, high)]
    return ",".join(sorted(map(str, kept)))


def _bound(spec: Specifier) -> Version:
    return Version(spec.version)


def _depends(text: str) -> list[Need]:
    """Return who asks for what in a conflict, as pip or uv tells it."""
    if told := _CAUSED.search(text):
        return list(islice(_needs(_DEPENDS, text, told.start()), _COMPARED))
    return list(islice(_needs(_BECAUSE, text), _COMPARED)) if "Because " in text else []


def builds(text: str) -> list[tuple[str, str]]:
    """Return two packages, and the CUDA version of each, where uv says that they differ."""
    said = {found[2]: found[1] for found in _OF_CUDA.finditer(text)}
    return [(package, version) for version, package in said.items()][:2] if len(said) > 1 else []


def _lonely(groups: dict[str, list[Need]]) -> list[Need]:
    """Return the demands where all ask one package alike: then the index does not have it."""
    alike = [g for g in groups.values() if len(g) > 1 and len({n.spec for n in g}) == 1]
    return alike[0][:1] if len(groups) == 1 and alike else []


def asked(text: str) -> Iterator[Need]:
    """Yield what a program says that it needs, where a line of an error says so."""
    for found in _ASKED.finditer(text):
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.end() + 80]
        need = _requirement(found["name"] + found["spec"].replace(" ", ""))
        if need is None or not re.search(r"error|exception|fatal|require", line, re.IGNORECASE):
            continue
        if need.name.lower() not in _PYTHON:
            yield Need(asker="", need=need, start=found.start())


def offers(text: str) -> Iterator[Offer]:
    """Yield what pip lists, and what uv says, where there is no such version."""
    for found in _LIST.finditer(text):
        need = _requirement(found["need"].replace("===", "=="))
        if need is not None:
            versions = (_version(v) for v in found["offered"].split(","))
            known = tuple(sorted(v for v in versions if v is not None))
            yield Offer(name=str(canonicalize_name(need.name)), wanted=need.specifier,
                        versions=known, start=found.start())  # fmt: skip
    for found in _ONLY.finditer(text):
        need, high = _requirement(found["need"]), _version(found["high"])
        if need is not None and high is not None and not need.specifier.contains(high):
            yield Offer(name=str(canonicalize_name(need.name)), wanted=need.specifier,
                        versions=(high,), start=found.start())  # fmt: skip


def _too_old(text: str) -> Iterator[Need]:
    for found in _LESS.finditer(text):
        name, least = found["name"] or found["absent"], found["least"] or found["from"]
        # Of some the package has another name than the module that is looked for.
        if need := _requirement(f"{package_of(name)}>={least}"):
            yield Need(asker="", need=need, have=found["have"] or "", start=found.start())


def _needs(pattern: re.Pattern[str], text: str, begin: int = 0) -> Iterator[Need]:
    for found in pattern.finditer(text, begin):
        said = found.groupdict()
        need = _requirement(said.get("need") or said.get("you") or "")
        if need is not None:
            asker = " ".join(part for part in (said.get("asker"), said.get("of")) if part)
            yield Need(asker=asker, need=need, have=said.get("have") or "", start=found.start())


def _requirement(text: str) -> Requirement | None:
    try:
        bounds, mark, marker = text.strip().rstrip(".,").partition(";")
        return Requirement(bounds.replace(" and ", ",") + mark + marker)
    except InvalidRequirement:
        return None


def _version(text: str) -> Version | None:
    try:
        return Version(text.strip())
    except InvalidVersion:
        return None


def _accepts(spec: SpecifierSet, have: str) -> bool:
    version = _version(have)
    return version is not None and spec.contains(version, prereleases=True)


def _clash(group: Sequence[Need]) -> list[Need]:
    """Return the first two demands of which one leaves nothing that the other accepts."""
    # What one package asks in several of its releases excludes nothing.
    pairs = ((a, b) for a in group for b in group
             if a is not b and (a.asker != b.asker or not a.asker) and _excludes(a, b))  # fmt: skip
    return list(next(pairs, ()))


def _excludes(one: Need, other: Need) -> bool:
    for spec in one.need.specifier:
        if spec.operator == "==" and other.spec:
            wild = spec.version.endswith(".*")
            if not wild and not _accepts(other.need.specifier, spec.version):
                return True
        if spec.operator in (">=", ">") and (least := _version(spec.version)):
            tops = (s for s in other.need.specifier if s.operator in ("<", "<=", "=="))
            if any(((top := _version(s.version.removesuffix(".*"))) and top < least)
                   or (s.operator == "<" and top == least) for s in tops):  # fmt: skip
                return True
    return False
