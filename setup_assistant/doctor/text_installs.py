"""Infer from installs that failed: what a build lacked, a revision that is gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from setup_assistant.catalog.causes import Remedy
from setup_assistant.doctor import text_frames
from setup_assistant.doctor.inferred import Inferred
from setup_assistant.doctor.package_names import package_of, request
from setup_assistant.messages import msg

# pip's and uv's steps of a build, within which a module is missing.
_STEP = re.compile(
    r"Getting requirements to build wheel|egg_info did not run|prepare_metadata_for_build|"
    r"Preparing metadata \([^)]{0,30}\)[ .]*error|[Bb]uild backend (?:returned an error|failed)|"
    r"get_requires_for_build_wheel|setup\.py bdist_wheel|Failed to build[: ]"
)
_LACKS = re.compile(r"No\s+module named ['\"]?(?P<module>[A-Za-z_]\w*)")
_BUILT = re.compile(
    r"pip-install-\w{1,12}[/\\](?P<source>[A-Za-z][\w.-]{0,60}?)_[0-9a-f]{8,32}[/\\]|"
    r"Failed to (?:download and )?build:? `?(?P<name>[A-Za-z][\w.-]{0,60})|"
    r"Failed building wheel for (?P<wheel>[A-Za-z][\w.-]{0,60})|"
    r"^Collecting (?P<last>[A-Za-z][\w.-]{0,60})", re.MULTILINE)  # fmt: skip
_REVISION = re.compile(
    r"Did not find branch or tag ['\"](?P<revision>[\w./-]{1,80})['\"]|"
    r"error: pathspec ['\"](?P<path>[\w./-]{1,80})['\"] did not match|"
    r"Remote branch (?P<branch>[\w./-]{1,80}) not found|"
    r"couldn't find remote ref (?P<ref>[\w./-]{1,80})"
)
_FAILED_CHECKOUT = re.compile(r"git checkout \S+ (?:\S+ )?did not run successfully|fatal: |error: ")


# "not installed ... pip install X", in one line of an error.
_TOLD = re.compile(
    r"^[^\n]{0,200}(?:Error|Exception|error)\b[^\n]{0,200}?(?:not installed|not available|not found"
    r"|requires?|missing|needs? to be installed|[Pp]lease install|could not be found)[^\n]{0,200}?"
    r"pip3? install (?:(?:-U|--upgrade|-q) )*['\"]?(?P<package>[A-Za-z][\w.-]{1,60})",
    re.MULTILINE,
)


def build_lacks(text: str) -> Iterator[Inferred]:
    """Yield a module that was missing where a package was built, apart from the environment."""
    step = _STEP.search(text)
    lacks = _LACKS.search(text, step.start()) if step else None
    if step is None or lacks is None:
        return
    names = [next(n for n in found.groups() if n) for found in _BUILT.finditer(text)]
    package = names[-1].lower().replace("_", "-") if names else ""
    name, spec = re.match(r"([\w.-]+)(.*)", package_of(lacks["module"])).groups()  # type: ignore[union-attr]
    install = Remedy(need="package", name=name, spec=spec)
    if lacks["module"] == "torch":
        install = Remedy(need="torch")
    again = Remedy(need="build", name=package)
    yield Inferred(cause="build-lacks-module", start=lacks.start(),
                   values={"module": lacks["module"], **({"package": package} if package else {})},
                   remedy=(install, again) if package else (install,))  # fmt: skip


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
        if _FAILED_CHECKOUT.search(text, found.start()):
            name = next(g for g in found.groups() if g)
            yield Inferred(cause="revision-gone", start=found.start(), values={"revision": name})
