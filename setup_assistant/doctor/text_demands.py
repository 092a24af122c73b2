"""Infer from what packages demand of each other, and from what an index offers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from setup_assistant.catalog.causes import Remedy
from setup_assistant.catalog.recipes import load_all
from setup_assistant.doctor import text_versions
from setup_assistant.doctor.inferred import Inferred
from setup_assistant.doctor.package_names import MADE_FOR_ONE_TORCH, installed, package_of
from setup_assistant.messages import msg

_MOST_NAMES = 8
# These go with one torch release each: they follow torch, never the other way round.
_FOLLOW = {"torchvision": "torchvision", "torch": "torch"}
# What uv and pip say of a release that has no wheel here: name, version, and where it has some.
_NO_WHEEL = re.compile(
    r"(?P<name>[A-Za-z][\w.-]{0,60})(?:\{[^}\n]{0,120}\})?==(?P<version>\d[\w.+]{0,30})"
    r"[^\n]{0,120}?\s+"
    r"(?:is unusable because no wheels|"
    r"(?:has|have) no (?:`[^`]{0,200}`-compatible |usable |compatible )?"
    r"wheels?|can't be installed because it doesn't have a source distribution or wheel"
    r"|with neither wheels nor source distribution)"
)
# What poetry says of the same.
_NO_CANDIDATE = re.compile(
    r"Unable to find installation candidates for (?P<name>[A-Za-z][\w.-]{0,60}) "
    r"\((?P<version>\d[\w.+]{0,30})\)"
)
# What uv says of a release that the index has not, or not for this Python.
_NO_RELEASE = re.compile(
    r"there (?:is|are) no versions? of (?P<name>[A-Za-z][\w.-]{0,60})"
    r"(?:\[[\w,-]{1,80}\]|\{[^}\n]{1,120}\})?"
    r"==(?P<version>\d[\w.]{0,30})(?![\w.+])"
)
# Whose demand it is that uv cannot meet.
_TORCH_ASKS = re.compile(r"\s+and\s+torch==\S+\s+depends\s+on\s")
# What pip says first of requests that exclude each other, and the names in it.
_CANNOT = re.compile(r"Cannot install (?P<what>[^\n]{1,3000}?) because these packages? version",
                     re.IGNORECASE)  # fmt: skip
_REQUESTED = re.compile(r"(?<![\w./(-])([A-Za-z][\w.-]{0,60})(?:\[[\w,-]{1,80}\])?[<>=!~ ]{1,3}\d")
# The file of requirements that pip was given.
_LISTED = re.compile(r"(?<!\S)(?:-r )?([\w./\\:-]+\.txt) \(line \d+\)")
# What a program raised, be it in the middle of a sentence.
_RAISED = re.compile(r"\b(?:Import|Attribute|Type|Runtime|Value|ModuleNotFound|Name|Key)Error: ")
_TAGS = re.compile(r"(?:wheels? for the following \w+(?: \w+)?s?|on the following platforms?):\s*"
                   r"(?P<tags>`[^\n]{1,300})")  # fmt: skip


def unmet(text: str) -> Iterator[Inferred]:
    """Yield demands that what is installed does not meet, where nothing failed after them."""
    for thought in unmet_aside(text):
        if not _RAISED.search(text, thought.start):
            yield thought


def unmet_aside(text: str) -> Iterator[Inferred]:
    """Yield demands that what is installed does not meet; pip says so, and goes on."""
    needs = text_versions.unmet(text)
    if not needs:
        return
    first = needs[0]
    values = {"package": first.asker or str(msg("the program")), "need": str(first.need)}
    if first.have:
        values["have"] = f"{first.name} {first.have}"
    chain = tuple(
        msg("{package} asks for {need}; there is {have}", package=n.asker or "?",
            need=f"{n.name}{n.spec}", have=n.have or "-")
        for n in needs if n.asker or n.have
    )  # fmt: skip
    remedy = tuple(dict.fromkeys(r for n in needs for r in _answer(n)))
    yield Inferred(cause="dependency-version", start=first.start, values={
        **values, "need": f"{first.name}{first.spec}"}, remedy=remedy, chain=chain)  # fmt: skip


def _answer(need: text_versions.Need) -> Iterator[Remedy]:
    """Say what meets a demand: what is made for one torch follows the torch that is there."""
    asker = need.asker.partition(" ")[0].lower().replace("_", "-")
    if need.name == "torch":
        if asker in _FOLLOW:
            yield Remedy(need=_FOLLOW[asker])
        elif asker in MADE_FOR_ONE_TORCH:
            yield Remedy(need="remove", name=asker)
        elif asker:
            yield Remedy(need="package", name=asker)
    elif need.name == "transformers" and asker and not _proved(need):
        # An older one has not the model's classes.
        yield Remedy(need="package", name=asker)
    else:
        yield Remedy(need="package", name=need.name, spec=need.spec)


def _proved(need: text_versions.Need) -> bool:
    """Whether a demand accepts a transformers of a proved stack."""
    rows = load_all().stacks.stack
    return any(need.need.specifier.contains(row.transformers) for row in rows)


def no_wheel(text: str) -> Iterator[Inferred]:
    """Yield a release that has no wheel here."""
    found = _NO_WHEEL.search(text) or _NO_CANDIDATE.search(text)
    if found is None:
        return
    name = found["name"].lower()
    # Some modules have another package that brings them where this one does not.
    other = re.split(r"[<>=]", package_of(name))[0]
    remedy = installed(other)
    if other == name and remedy.need != "torch":
        remedy = Remedy(need="wheel", name=name)
    values = {"package": name, "version": found["version"]}
    tags = (t["tags"].replace("`", "") for t in _TAGS.finditer(text))
    chain = tuple(msg("it has wheels for {tags} alone", tags=t) for t in islice(tags, 1))
    # What is made for one torch would bring that one along.
    yield Inferred(cause="no-wheel", start=found.start(), values=values, chain=chain,
                   remedy=(remedy,) if name not in MADE_FOR_ONE_TORCH else ())  # fmt: skip


def no_release(text: str) -> Iterator[Inferred]:
    """Yield a release that uv does not find on the indexes that it was given."""
    for found in islice(_NO_RELEASE.finditer(text), 1):
        name = found["name"].lower()
        remedy = installed(name)
        if name.startswith(("nvidia-", "triton")) and _TORCH_ASKS.match(text, found.end()):
            # PyPI and PyTorch's index have all that torch asks for; another index was put before.
            yield Inferred(cause="uv-index-order", start=found.start())
            return
        yield Inferred(cause="torch-not-on-index" if remedy.need == "torch" else
                       "version-not-on-index", start=found.start(), remedy=(remedy,),
                       chain=(msg("no index that was named has {need}",
                                  need=f"{name}=={found['version']}"),))  # fmt: skip


def built_apart(text: str) -> Iterator[Inferred]:
    """Yield two packages that are built for different CUDA versions."""
    built = text_versions.builds(text)
    if built:
        (one, need), (other, also) = built
        values = {"one": one, "need": f"CUDA {need}", "other": other, "also": f"CUDA {also}"}
        yield Inferred(cause="dependency-version", start=text.index("system:cuda"), values=values,
                       remedy=(Remedy(need="torch"),))  # fmt: skip


def conflicting(text: str) -> Iterator[Inferred]:
    """Yield two demands that exclude each other, or one that the index alone does not meet."""
    needs = text_versions.conflicting(text)
    if len(needs) == 1:
        yield Inferred(cause="index-alone", start=needs[0].start, values={"package": needs[0].name},
                       chain=(msg("every release asks for {need}, and none is found",
                                  need=needs[0].name),))  # fmt: skip
    elif needs:
        one, other = needs
        you = str(msg("your request"))
        values = {"one": one.asker or you, "need": f"{one.name}{one.spec}",
                  "other": other.asker or you, "also": f"{other.name}{other.spec}"}  # fmt: skip
        # torch brings these along, each in the one version that it goes with.
        with_torch = one.name in ("torch", "torchvision", "triton") or "nvidia-" in one.name
        remedy = (Remedy(need="torch"),) if with_torch else _open(_asked_together(text))
        bound = [n.asker.partition(" ")[0].lower() for n in needs]
        if spec := text_versions.agreed(text, one.name) if not one.asker else "":
            # The person's own bound alone stands in the way.
            remedy = (Remedy(need="package", name=one.name, spec=spec),)
        built = any("+c" in n.spec for n in needs)
        if made := next((name for name in bound if name in MADE_FOR_ONE_TORCH and not built), ""):
            remedy = (Remedy(need="remove", name=made),)
        yield Inferred(
            cause="dependency-version",
            start=one.start,
            values=values,
            remedy=remedy,
            chain=(msg("{one} asks for {need}, {other} for {also}", **values),),
        )


def requested(text: str) -> Iterator[Inferred]:
    """Yield what pip was asked for together, where it does not say what excludes what."""
    found = _CANNOT.search(text)
    names = _asked_together(text)
    if found and names:
        listed = _LISTED.findall(found["what"])
        others = [*names[1:], *listed]
        if not others:
            yield Inferred(cause="no-release-fits", start=found.start(),
                           values={"package": names[0]})  # fmt: skip
        else:
            yield Inferred(cause="requests-exclude", start=found.start(), remedy=_open(names),
                           values={"one": names[0], "other": others[0]})  # fmt: skip


def _asked_together(text: str) -> list[str]:
    found = _CANNOT.search(text)
    names = (m[1].lower() for m in _REQUESTED.finditer(found["what"])) if found else ()
    return list(dict.fromkeys(names))[:_MOST_NAMES]


def _open(names: list[str]) -> tuple[Remedy, ...]:
    """Ask for the same packages in whatever releases go together."""
    line = " ".join(["pip install", *names])
    return (Remedy(need="run", posix=line, windows=line),) if len(names) > 1 else ()


def asked_in_error(text: str) -> Iterator[Inferred]:
    """Yield what an exception itself says that it needs, with the bounds of the version."""
    for thought in asked(text):
        line = text[text.rfind("\n", 0, thought.start) + 1 : thought.start]
        if thought.values["spec"] and _RAISED.search(line):
            yield thought


def asked(text: str) -> Iterator[Inferred]:
    """Yield what a program says that it needs."""
    for need in text_versions.asked(text):
        yield Inferred(cause="version-required", start=need.start,
                       values={"package": need.name, "spec": need.spec},
                       remedy=(installed(need.name, need.spec),))  # fmt: skip
