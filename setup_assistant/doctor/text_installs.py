"""Infer from installs that failed: what a build lacked, a revision that is gone, conda's words."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from itertools import islice

from setup_assistant.catalog.causes import Remedy
from setup_assistant.doctor import text_frames
from setup_assistant.doctor.inferred import Inferred
from setup_assistant.doctor.package_names import MADE_FOR_ONE_TORCH, installed, package_of, request
from setup_assistant.messages import msg

# pip's and uv's steps of a build, within which a module is missing.
_STEP = re.compile(
    r"Getting requirements to build wheel|egg_info did not run|prepare_metadata_for_build|"
    r"Preparing metadata \([^)]{0,30}\)[ .]*error|[Bb]uild backend (?:returned an error|failed)|"
    r"get_requires_for_build_wheel|setup\.py bdist_wheel|Failed to build[: ]"
)
_LACKS = re.compile(
    r"No\s+module named ['\"]?(?P<module>[A-Za-z_]\w*)|torch is not installed, please install"
    r"|please install PyTorch first|ops without torch installed"
    r"|Unable to detect torch version via uv/pip"
)
# The same, where only the end of what a build says was pasted.
_LACKS_LAST = re.compile(
    rf"(?:{_LACKS.pattern})[^\n]*\n\s*(?:\[end of output\]|error: metadata-generation)"
)
# A package that was being built; in pip's folder of sources its name stands before a hash.
_UNBUILT = re.compile(
    r"pip-install-\w{1,12}[/\\]{1,4}([A-Za-z][\w.-]{0,60}?)_[0-9a-f]{8,32}|"
    r"(?:Failed building wheel for|Failed to (?:download and )?build:?|Could not build wheels for) "
    r"`?([A-Za-z][\w.-]{0,60})|"
    r"Building (?:wheel|editable) for ([A-Za-z][\w.-]{0,60}) \([^)\n]{1,40}\)[ .:]*"
    r"(?:finished with status ')?error"
)
_BUILT = re.compile(_UNBUILT.pattern + r"|^Collecting ([A-Za-z][\w.-]{0,60})", re.MULTILINE)
# What a build raised itself; pip shows it indented.
_RAISED = re.compile(
    r"^[ \t|│]+(\w{0,40}(?:[Ee]rror|Exception): (?!subprocess|command)\S[^\n]*)", re.MULTILINE
)
_REVISION = re.compile(
    r"Did not find branch or tag ['\"](?P<revision>[\w./-]{1,80})['\"]|"
    r"error: pathspec ['\"](?P<path>[\w./-]{1,80})['\"] did not match|"
    r"Remote branch (?P<branch>[\w./-]{1,80}) not found|"
    r"couldn't find remote ref (?P<ref>[\w./-]{1,80})|"
    r"error: upload-pack: not our ref (?P<commit>[0-9a-f]{7,64})"
)
_FAILED_STEP = re.compile(r"[×x] [^\n]{1,200} did not run successfully")
_FAILED_CHECKOUT = re.compile(r"git checkout \S+ (?:\S+ )?did not run successfully|fatal: |error: ")
# "not installed ... pip install X", in one line of an error.
_TOLD = re.compile(
    r"^[^\n]{0,200}(?:Error|Exception|error)\b[^\n]{0,200}?(?:not installed|not available|not found"
    r"|requires?|missing|needs? to be installed|[Pp]lease install|could not be found)[^\n]{0,200}?"
    r"pip3? install (?:(?:-U|--upgrade|-q) )*['\"]?(?P<package>[A-Za-z][\w.-]{1,60})",
    re.MULTILINE,
)
_CONDA = re.compile(
    r"PackagesNotFoundError:[^\n]{0,200}\s+(?:-\s+)?(?P<package>[A-Za-z][\w.-]{0,60})|"
    r"nothing provides requested (?P<requested>[A-Za-z][\w.-]{0,60})|"
    r"^[\s│├└─]*(?P<absent>[A-Za-z][\w.-]{0,60}) [^\n]{0,120}does not exist \(perhaps a typo",
    re.MULTILINE,
)
# Names of torch and of its parts in conda's channels.
_TORCH = ("torch", "pytorch", "torchvision", "torchaudio", "pytorch-cuda", "cudatoolkit",
          "pytorch-gpu", "pytorch-mutex")  # fmt: skip
# What libmamba says of a package and of the Python that is requested.
_CONDA_PYTHON = re.compile(
    r"(?:package )?(?P<package>[a-z][\w-]{0,60}?)[- ](?P<version>\d[\w.]{0,20})\S{0,60}\s"
    r"[^\n]{0,80}?requires?\s[^\w\n]{0,20}(?:\n[^\w\n]{0,20})?python "
    r"(?P<need>[<>=][^\s]{1,40}?),?\s"
)
_CONDA_HAS = re.compile(r"python (?P<have>3\.\d{1,2})\S*\s+is requested|"
                        r"^\W{0,12}python ?==?(?P<pin>3\.\d{1,2})", re.MULTILINE)  # fmt: skip


def build_lacks(text: str) -> Iterator[Inferred]:
    """Yield a module that was missing where a package was built, apart from the environment."""
    step = _STEP.search(text)
    lacks = _LACKS.search(text, step.start()) if step else None
    lacks = lacks or _LACKS_LAST.search(text)
    if lacks is None:
        return
    module = lacks["module"] or "torch"
    if step is None and module == "torch":
        # Whether a build or the environment lacks it is not told.
        return
    names = [next(n for n in found.groups() if n) for found in _BUILT.finditer(text)]
    package = names[-1].lower().replace("_", "-") if names else ""
    name, spec = re.match(r"([\w.-]+)(.*)", package_of(module)).groups()  # type: ignore[union-attr]
    install = installed(name, spec)
    again = Remedy(need="build", name=package)
    yield Inferred(cause="build-lacks-module", start=lacks.start(),
                   values={"module": module, **({"package": package} if package else {})},
                   remedy=(install, again) if package else (install,))  # fmt: skip


def unbuilt(text: str) -> Iterator[Inferred]:
    """Yield a package whose build failed."""
    found = _UNBUILT.search(text)
    package = next(n for n in found.groups() if n) if found else ""
    if found is None or package.lower() in ("installable", "wheels", "wheel", "torch"):
        return
    name = package.lower().replace("_", "-")
    if name == "flash-attn":
        # A row of its own tells why.
        return
    # What pins a torch of its own would bring it along; some have another package in their place.
    other = re.split(r"[<>=]", package_of(name.replace("-", "_")))[0]
    instead = Remedy(need="wheel", name=name) if other == name else installed(other)
    remedy = () if name in MADE_FOR_ONE_TORCH else (instead,)
    raised = next(iter(deque(islice(_RAISED.finditer(text), 200), maxlen=1)), None)
    chain = (msg("its build says: {said}", said=raised[1][:200]),) if raised else ()
    yield Inferred(cause="package-not-buildable", start=found.start(), remedy=remedy, chain=chain,
                   values={"package": name})  # fmt: skip


def told_command(text: str) -> Iterator[Inferred]:
    """Yield a package that the error itself says how to install."""
    for found in islice(_TOLD.finditer(text), 100):
        name = found["package"].lower().replace("_", "-")
        if name in ("install", "torch", "torchvision", "upgrade", "git", "e"):
            continue
        asker = text_frames.asker(text_frames.before(text, found.start()))
        values = {"package": name, "asker": package_of(asker) if asker else str(msg("the program"))}
        yield Inferred(cause="dependency-absent", start=found.start(), values=values,
                       remedy=(request(Remedy(need="package", name=name)),))  # fmt: skip


def revision(text: str) -> Iterator[Inferred]:
    """Yield a branch, tag or commit that a repository does not have (any more)."""
    for found in _REVISION.finditer(text):
        step = next(iter(deque(_FAILED_STEP.finditer(text, 0, found.start()), maxlen=1)), None)
        # What a package's own build looks for is no revision that the person asked for.
        if (not step or "git" in step[0]) and _FAILED_CHECKOUT.search(text, found.start()):
            name = next(g for g in found.groups() if g)
            yield Inferred(cause="revision-gone", start=found.start(), values={"revision": name})


def conda_unknown(text: str) -> Iterator[Inferred]:
    """Yield a package that no channel has."""
    for found in _CONDA.finditer(text):
        package = next(name for name in found.groups() if name).lower()
        # A list of many packages was made for one channel; a single one is often pip's.
        need = "package" if found["package"] else "conda"
        remedy = Remedy(need=need, name=package)
        if package in _TORCH:
            remedy = Remedy(need="torch")
        elif package == "python":
            line = "conda create -n qwen -c conda-forge --override-channels python=3.12 pip"
            remedy = Remedy(need="run", posix=line, windows=line)
        yield Inferred(cause="conda-package-unknown", start=found.start(), remedy=(remedy,),
                       values={"package": package})  # fmt: skip


def conda_unsatisfied(text: str) -> Iterator[Inferred]:
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
