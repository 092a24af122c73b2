"""Which requirements of installed packages are not met, told from metadata alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from setup_assistant.choose.versions import minor
from setup_assistant.doctor.install import Install
from setup_assistant.host.prefix import normal_name

if TYPE_CHECKING:
    from packaging.requirements import Requirement


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
    """Yield what `roots` and everything below them ask for and do not get.

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
            if need is None:
                continue
            wanted = normal_name(need.name)
            have = install.version(wanted)
            bound = str(need.specifier)
            if have is None:
                yield Unmet(asked_by=name, name=wanted, text=f"{wanted}{bound}", have=None)
            elif not need.specifier.contains(have, prereleases=True):
                yield Unmet(asked_by=name, name=wanted, text=f"{wanted}{bound}", have=have)
            todo.append((wanted, frozenset(need.extras)))


def _applies(text: str, install: Install, extras: frozenset[str]) -> Requirement | None:
    from packaging.requirements import InvalidRequirement, Requirement

    with contextlib.suppress(InvalidRequirement):
        need = Requirement(text)
        if need.marker is None:
            return need
        python = install.python or "3.11"
        about = {"python_version": minor(python), "python_full_version": python}
        for extra in extras or {""}:
            if need.marker.evaluate({**about, "extra": extra}):
                return need
    return None
