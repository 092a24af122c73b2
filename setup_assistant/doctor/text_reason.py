"""Infer what no row holds: from demands, names, frames and lists of versions in a text.

An answer names a cause of the catalogue, and the chain that leads to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from setup_assistant.catalog.causes import Remedy
from setup_assistant.doctor import text_names, text_places, text_versions
from setup_assistant.doctor.inferred import Inferred
from setup_assistant.doctor.package_names import package_of
from setup_assistant.messages import msg

# These go with one torch release each: they follow torch, never the other way round.
_FOLLOW = {"torchvision": "torchvision", "torch": "torch"}
_REMOVED = ("torchaudio", "torchtext", "xformers", "flash-attn", "triton")
_ON_PYTORCH = re.compile(r"download\.pytorch\.org/whl|/pytorch-wheels/")
_SYMBOL = re.compile(r"(?P<path>[^\s:'\"]{1,400}\.so[\w.]*): undefined symbol: (?P<symbol>\w+)")
# Windows says so of a symbol that is missing, in the language of the system.
_PROCEDURE = re.compile(
    r"WinError 127\b|The specified procedure could not be found|找不到指定的程序"
)
_TORCH_SYMBOL = re.compile(r"c10|2at|5torch|caffe2|THP|libtorch")
_TORCH_PART = re.compile(r"libtorch_cuda(?:_cu|_cpp)?\.so: cannot open shared object file")
_ABSENT_LIBRARY = re.compile(
    r"(?:(?:Import|OS)Error|shared libraries): "
    r"(?P<library>(?P<name>lib(?!cu|nv|nccl|torch|c10|GL\b)[\w.+-]{0,60}?)(?P<sum>-[0-9a-f]{8})?"
    r"\.so\.(?P<abi>\d{1,3})[\d.]*): cannot open shared"
)
_WHEEL = re.compile(
    r"\b(?P<name>[A-Za-z]\w{0,60})-\d[\w.+]{0,60}-cp(?P<py>\d{2,3})-\w{1,20}-(?P<on>[\w.]{1,90})\.whl(?=[^\n]{0,20}"
    r" is not a supported wheel on this platform)"
)
_CONDA = re.compile(
    r"PackagesNotFoundError:[^\n]{0,200}\s+(?:-\s+)?(?P<package>[A-Za-z][\w.-]{0,60})"
)
# What libmamba says of a package and of the Python that is requested.
_CONDA_PYTHON = re.compile(
    r"(?:package )?(?P<package>[a-z][\w-]{0,60}?)[- ](?P<version>\d[\w.]{0,20})\S{0,60}\s"
    r"[^\n]{0,80}?requires?\s[^\w\n]{0,20}(?:\n[^\w\n]{0,20})?python "
    r"(?P<need>[<>=][^\s]{1,40}?),?\s"
)
_CONDA_HAS = re.compile(r"python (?P<have>3\.\d{1,2})\S*\s+is requested|"
                        r"^\W{0,6}python ?==?(?P<pin>3\.\d{1,2})", re.MULTILINE)  # fmt: skip
# A package that pip or uv could not build; in pip's folder of sources its name stands before a
# hash.
_UNBUILT = re.compile(
    r"pip-install-\w{1,12}[/\\]{1,4}(?P<source>[A-Za-z][\w.-]{0,60}?)_[0-9a-f]{32}|"
    r"(?:Failed building wheel for|Failed to (?:download and )?build:?|Could not build wheels for) "
    r"`?(?P<wheel>[A-Za-z][\w.-]{0,60})"
)
# Causes that nothing but an inference leads to.
ONLY_INFERRED = ("index-alone", "name-not-yet", "name-gone", "name-misspelt",
                 "patches-other-release", "optional-part-absent")  # fmt: skip


# What uv and pip say of a release that has no wheel here: name, version, and where it has some.
_NO_WHEEL = re.compile(
    r"(?P<name>[A-Za-z][\w.-]{0,60})(?:\{[^}\n]{0,120}\})?==(?P<version>\d[\w.+]{0,30})"
    r"[^\n]{0,120}?\s+"
    r"(?:is unusable because no wheels|"
    r"(?:has|have) no (?:`[^`]{0,200}`-compatible |usable |compatible )?"
    r"wheels?|can't be installed because it doesn't have a source distribution or wheel)"
)
# What poetry says of the same.
_NO_CANDIDATE = re.compile(
    r"Unable to find installation candidates for (?P<name>[A-Za-z][\w.-]{0,60}) "
    r"\((?P<version>\d[\w.+]{0,30})\)"
)
_TAGS = re.compile(r"(?:wheels? for the following \w+(?: \w+)?s?|on the following platforms?):\s*"
                   r"(?P<tags>`[^\n]{1,300})")  # fmt: skip


def inferred(text: str, *, failed: bool) -> Inferred | None:
    """Return what can be inferred from a cleaned text; None where nothing can.

    Args:
        text: what was pasted.
        failed: whether a row has told that something in it failed for good.
    """
    ways = [
        _unmet,
        _no_wheel,
        _built_apart,
        _conflicting,
        _offered,
        text_names.changed,
        _symbol,
        _without_cuda,
        _procedure,
        _foreign_wheel,
        _library,
        _conda,
        _conda_python,
        text_names.argument,
        text_names.of_another,
        text_names.raised_inside,
    ]
    if failed:
        ways += [_unbuilt, _asked]
    found = (thought for way in ways for thought in way(text))
    return next(found, None)


def _unmet(text: str) -> Iterator[Inferred]:
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
        for n in needs
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
        elif asker in _REMOVED:
            yield Remedy(need="remove", name=asker)
        elif asker:
            yield Remedy(need="package", name=asker)
    else:
        yield Remedy(need="package", name=need.name, spec=need.spec)


def _no_wheel(text: str) -> Iterator[Inferred]:
    found = _NO_WHEEL.search(text) or _NO_CANDIDATE.search(text)
    if found is None:
        return
    name = found["name"].lower()
    torch = name in ("torch", "torchvision")
    # Some modules have another package that brings them where this one does not.
    other = re.split(r"[<>=]", package_of(name))[0]
    remedy = (
        Remedy(need="wheel", name=name) if other == name else Remedy(need="package", name=other)
    )
    if torch:
        remedy = Remedy(need="torch")
    values = {"package": name, "version": found["version"]}
    tags = (t["tags"].replace("`", "") for t in _TAGS.finditer(text))
    chain = tuple(msg("it has wheels for {tags} alone", tags=t) for t in islice(tags, 1))
    yield Inferred(cause="no-wheel", start=found.start(), values=values, remedy=(remedy,),
                   chain=chain)  # fmt: skip


def _built_apart(text: str) -> Iterator[Inferred]:
    built = text_versions.builds(text)
    if built:
        (one, need), (other, also) = built
        values = {"one": one, "need": f"CUDA {need}", "other": other, "also": f"CUDA {also}"}
        yield Inferred(cause="dependency-version", start=text.index("system:cuda"), values=values,
                       remedy=(Remedy(need="torch"),))  # fmt: skip


def _conflicting(text: str) -> Iterator[Inferred]:
    needs = text_versions.conflicting(text)
    if len(needs) == 1:
        yield Inferred(cause="index-alone", start=needs[0].start, values={"package": needs[0].name},
                       chain=(msg("every release asks for {need}, and none is found",
                                  need=needs[0].name),))  # fmt: skip
    elif needs:
        one, other = needs
        you = str(msg("your request"))
        said = msg("{one} asks for {need}, {other} for {also}", one=one.asker or you,
                   need=f"{one.name}{one.spec}", other=other.asker or you,
                   also=f"{other.name}{other.spec}")  # fmt: skip
        # torch brings these along, each in the one version that it goes with.
        with_torch = one.name in ("torch", "torchvision", "triton") or "nvidia-" in one.name
        remedy = (Remedy(need="torch"),) if with_torch else ()
        bound = [n.asker.partition(" ")[0].lower() for n in needs]
        if made := next((name for name in bound if name in _REMOVED), ""):
            remedy = (Remedy(need="remove", name=made),)
        yield Inferred(cause="dependency-version", start=one.start, values={
            "one": one.asker or you, "need": f"{one.name}{one.spec}",
            "other": other.asker or you, "also": f"{other.name}{other.spec}",
        }, remedy=remedy, chain=(said,))  # fmt: skip


def _offered(text: str) -> Iterator[Inferred]:
    for offer in text_versions.offers(text):
        if not offer.versions:
            if _ON_PYTORCH.search(text) and not offer.name.startswith(("torch", "nvidia")):
                yield Inferred(cause="index-alone", start=offer.start,
                               values={"package": offer.name})  # fmt: skip
            continue
        low, high = offer.versions[0], offer.versions[-1]
        if offer.name == "torch" and (high.major, high.minor) < (1, 0):
            yield Inferred(cause="torch-not-for-python", start=offer.start)
            return
        wanted = min((s.version.removesuffix(".*") for s in offer.wanted), default="")
        values = {"package": offer.name, "wanted": wanted, "low": str(low), "high": str(high)}
        remedy = Remedy(need="package", name=offer.name, spec=f"=={high}")
        if offer.name in ("torch", "torchvision"):
            remedy = Remedy(need="torch")
        if wanted:
            cause = "torch-not-on-index" if remedy.need == "torch" else "version-not-on-index"
            yield Inferred(cause=cause, start=offer.start, values=values,
                           remedy=(remedy,),
                           chain=(msg("the index offers {low} to {high}", low=low.public,
                                      high=high.public),))  # fmt: skip


def _symbol(text: str) -> Iterator[Inferred]:
    for found in _SYMBOL.finditer(text):
        path, symbol = found["path"], found["symbol"]
        package = re.sub(r"-(?:\d-)?(?:cuda|c|cpu|gpu)$", "", text_places.package_at(path))
        own = package == "torch" or package.startswith("torch-")
        if not package or own or not _TORCH_SYMBOL.search(symbol):
            continue
        if package == "torchvision":
            remedy = Remedy(need="torchvision")
        elif package in _REMOVED:
            remedy = Remedy(need="remove", name=package)
        elif "-packages" in path:
            remedy = Remedy(need="package", name=package, again=True)
        else:
            # It was compiled in the person's own folder.
            again = "python -m pip install --no-build-isolation --no-deps --force-reinstall ."
            remedy = Remedy(need="run", posix=again, windows=again)
        yield Inferred(cause="built-for-other-torch", start=found.start(), remedy=(remedy,),
                       values={"package": package},
                       chain=(msg("the missing symbol is one of torch: {symbol}",
                                  symbol=symbol[:80]),))  # fmt: skip


def _without_cuda(text: str) -> Iterator[Inferred]:
    """Yield a package that asks for torch's CUDA part, where torch has none or another."""
    for found in _TORCH_PART.finditer(text):
        asker = text_names.asker_of(text[: found.start()], "")
        remedy = Remedy(need="remove", name=asker) if asker in _REMOVED else Remedy(need="torch")
        yield Inferred(cause="built-for-other-torch", start=found.start(), remedy=(remedy,),
                       values={"package": asker} if asker else {})  # fmt: skip


def _debian(name: str, abi: str) -> str:
    """Return what Debian's policy calls the package of a library: name and number of its ABI."""
    name = name.lower().replace("_", "-")
    if name.startswith("libpython"):
        return name.rstrip("mdu")
    name = re.sub(r"-(?=\d)", "", name)
    return f"{name}{'-' if name[-1:].isdigit() else ''}{abi}"


def _procedure(text: str) -> Iterator[Inferred]:
    """Yield a package whose library finds no symbol in torch, as Windows says it."""
    for found in _PROCEDURE.finditer(text):
        tops = re.findall(r"-packages[/\\]{1,2}(\w+)[/\\]", text[: found.end() + 400])
        top = next((t for t in reversed(tops) if t not in ("torch", "transformers")), "")
        if not top:
            return
        name = package_of(top)
        remedy = Remedy(need="torchvision") if top == "torchvision" else Remedy(
            need="remove" if name in _REMOVED else "package", name=name, again=True)  # fmt: skip
        yield Inferred(cause="built-for-other-torch", start=found.start(), remedy=(remedy,),
                       values={"package": name})  # fmt: skip


def _foreign_wheel(text: str) -> Iterator[Inferred]:
    """Yield a wheel that pip does not take here."""
    for found in _WHEEL.finditer(text):
        name = package_of(found["name"])
        tags = f"Python {found['py'][:1]}.{found['py'][1:]}, {found['on']}"
        remedy = Remedy(need="torch") if name == "torch" else Remedy(need="wheel", name=name)
        yield Inferred(cause="wheel-tags", start=found.start(), remedy=(remedy,),
                       values={"package": name, "tags": tags})  # fmt: skip


def _library(text: str) -> Iterator[Inferred]:
    """Yield a library that is nowhere: of a wheel, which carries a sum, or of the system."""
    for found in _ABSENT_LIBRARY.finditer(text):
        values = {"library": found["library"], "file": str(msg("the program"))}
        asker = text_names.asker_of(text[: found.start()], "")
        if found["sum"] and asker:
            again = Remedy(need="package", name=asker, again=True)
            remedy = Remedy(need="torch") if asker == "torch" else again
            values["file"] = asker
        elif found["sum"]:
            return
        else:
            remedy = Remedy(need="system", debian=_debian(found["name"], found["abi"]),
                            fedora=f"'{found['library']}()(64bit)'")  # fmt: skip
        yield Inferred(cause="library-missing", start=found.start(), values=values,
                       remedy=(remedy,))  # fmt: skip


def _conda(text: str) -> Iterator[Inferred]:
    for found in _CONDA.finditer(text):
        package = found["package"].lower()
        torch = package in ("torch", "pytorch", "torchvision", "pytorch-cuda", "cudatoolkit",
                            "pytorch-gpu")  # fmt: skip
        remedy = Remedy(need="torch") if torch else Remedy(need="package", name=package)
        yield Inferred(cause="conda-package-unknown", start=found.start(), remedy=(remedy,),
                       values={"package": package})  # fmt: skip


def _conda_python(text: str) -> Iterator[Inferred]:
    """Yield a package of conda's that asks for another Python than the one that is requested."""
    has = _CONDA_HAS.search(text)
    asks = _CONDA_PYTHON.search(text) if has else None
    low = re.search(r">=(3\.\d{1,2})|=(3\.\d{1,2})", asks["need"]) if asks else None
    if not has or not asks or not low:
        return
    have, least = has["have"] or has["pin"], low[1] or low[2]
    line = f"conda create -n qwen -c conda-forge --override-channels python={least} pip"
    yield Inferred(cause="conda-unsatisfiable", start=asks.start(),
                   remedy=(Remedy(need="run", posix=line, windows=line),),
                   values={"package": f"{asks['package']} {asks['version']}", "have": have,
                           "need": f"python {asks['need']}"})  # fmt: skip


def _unbuilt(text: str) -> Iterator[Inferred]:
    found = _UNBUILT.search(text)
    package = (found["source"] or found["wheel"] or "") if found else ""
    if found is None or package.lower() in ("installable", "wheels", "wheel", "torch"):
        return
    name = package.lower().replace("_", "-")
    if name == "flash-attn":
        # A row of its own tells why.
        return
    # What pins a torch of its own would bring it along.
    remedy = () if name in _REMOVED else (Remedy(need="wheel", name=name),)
    yield Inferred(cause="package-not-buildable", start=found.start(), remedy=remedy,
                   values={"package": name})  # fmt: skip


def _asked(text: str) -> Iterator[Inferred]:
    for need in text_versions.asked(text):
        torch = need.name in ("torch", "torchvision")
        remedy = Remedy(need="torch") if torch else (
            Remedy(need="package", name=need.name, spec=need.spec))  # fmt: skip
        values = {
            "package": need.name,
            "spec": need.spec,
            **({"have": need.have} if need.have else {}),
        }
        yield Inferred(cause="version-required", start=need.start, values=values, remedy=(remedy,))
