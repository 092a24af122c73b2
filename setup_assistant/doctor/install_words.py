"""The words of a command that installs packages: read, and held to a site's pins."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from setup_assistant.host.prefix import normal_name

# Options that take a value.
_SOURCES = ("--index-url", "--extra-index-url", "-f", "--find-links")
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, kw_only=True)
class Installing:
    """An installing command, read."""

    requirements: tuple[str, ...]
    source: tuple[str, ...] = ()
    alone: bool = False
    again: bool = False
    upgrade: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The packages that it names."""
        return tuple(name_of(r) for r in self.requirements)


def installing(command: str) -> Installing | None:
    """Read a command that installs with pip or uv; None for any other."""
    words = shlex.split(command)
    at = words.index("pip") + 1 if "pip" in words[:4] else len(words)
    if words[at : at + 1] != ["install"]:
        return None
    rest = words[at + 1 :]
    names: list[str] = []
    source: list[str] = []
    flags: set[str] = set()
    while rest:
        word = rest.pop(0)
        if word in _SOURCES and rest:
            source += [word, rest.pop(0)]
        elif word in ("--python", "-p") and rest:
            rest.pop(0)
        elif word == "--no-index":
            source.append(word)
        elif word.startswith("-"):
            flags.add(word)
        else:
            names.append(word)
    return Installing(
        requirements=tuple(names),
        source=tuple(source),
        alone="--no-deps" in flags,
        again=bool(flags & {"--force-reinstall", "--reinstall"}),
        upgrade=bool(flags & {"-U", "--upgrade"}),
    )


def name_of(requirement: str) -> str:
    """Return the normal name of the package that a requirement asks for."""
    found = _NAME.match(requirement)
    return normal_name(found[0]) if found else ""


def held(command: str, pins: Mapping[str, str]) -> str:
    """Return a command in which what the site's lock names has the lock's version."""
    asked = installing(command)
    if asked is None or not pins:
        return command
    pinned = {r: f"{name_of(r)}=={pins[name_of(r)]}" for r in asked.requirements
              if name_of(r) in pins}  # fmt: skip
    words = [pinned.get(w, w) for w in shlex.split(command)]
    once = (w for n, w in enumerate(words) if w not in pinned.values() or w not in words[:n])
    return shlex.join(once)
