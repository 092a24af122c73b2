"""Whether every remedy can be carried out: what it installs is on the index, and torch is pinned.

Held against `recipes/resolved.toml`, and that against an index by `recipes check --online`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from setup_assistant.catalog import import_names
from setup_assistant.catalog.causes import Cause, Remedy
from setup_assistant.choose.remedy_target import Situation
from setup_assistant.doctor import situation
from setup_assistant.doctor.package_names import package_of, packages, request

_ANY = Situation()
# One of each kind that spells remedies in another way.
SITUATIONS: Mapping[str, Situation] = {
    "V100": Situation(parts=("7.0",), cuda="12.2"),
    "GTX 1080": Situation(parts=("6.1",)),
    "RTX 5090": Situation(parts=("12.0",), cuda="12.8"),
    "K80": Situation(parts=("3.7",), cuda="11.4"),
    "Jetson Orin": Situation(parts=("8.7",), arch="aarch64"),
    "cmd": Situation(os="Windows", shell="cmd"),
    "PowerShell": Situation(os="Windows", shell="powershell"),
    "Mac": Situation(os="Darwin", arch="arm64", has_gpu=False),
    "Fedora": Situation(family="fedora"),
    "uv": Situation(install=("uv", "pip", "install"), force=("--reinstall",)),
    "no card": Situation(has_gpu=False),
}
# Options of pip that take a word.
_TAKE = ("--index-url", "--extra-index-url", "-f", "-i", "--only-binary", "-r", "-e", "--python")
# Their versions stand in recipes/torch.toml, and are checked there.
_TORCH = ("torch", "torchvision")


def unresolved(row: Cause, known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield what of a cause's remedies cannot be carried out, in any situation."""
    # What a text fills in is held to names and bounds where it is filled in.
    own = [r for r in row.remedy if "{" not in r.name + r.spec + r.value + r.posix]
    if own:
        for name, here in SITUATIONS.items():
            for line in situation.commands(own, here):
                yield from (f"{name}: {what}" for what in wrong(line, known))


def others(known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield what is wrong with the packages that a text's own words lead to."""
    for name in sorted({*packages(), *(package_of(p.module) for p in import_names.load().package)}):
        for line in situation.commands((request(Remedy(need="package", name=name)),), _ANY):
            yield from wrong(line, known)


def wrong(line: str, known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield what is wrong with a command line that installs packages; nothing for any other."""
    words = shlex.split(line.replace("\\", "/"))
    if "install" not in words or not {"pip", "pip3", "pip.exe"} & set(words):
        return
    wanted, other_index = _wanted(words[words.index("install") + 1 :])
    for text in wanted:
        try:
            need = Requirement(text)
        except InvalidRequirement:
            yield f"{text!r} is no requirement: {line}"
            continue
        name = str(canonicalize_name(need.name))
        if name in _TORCH:
            if not other_index and not str(need.specifier).startswith("=="):
                yield f"{text} names neither version nor index: {line}"
        elif not any(need.specifier.contains(v, prereleases=True) for v in known.get(name, ())):
            yield f"{text} is not among those that were resolved (resolved.toml): {line}"


def _wanted(words: Sequence[str]) -> tuple[list[str], bool]:
    """Return the requirements among the words after `install`, and whether an index is named."""
    found, skip = [], False
    for word in words:
        if not skip and not word.startswith("-"):
            found.append(word)
        skip = word in _TAKE
    return found, "--index-url" in words
