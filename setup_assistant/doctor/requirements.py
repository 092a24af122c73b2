"""Which requirements of installed packages are not met, told from metadata alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from setup_assistant.doctor.install import Install
from setup_assistant.host.prefix import normal_name
from setup_assistant.versions import at_least, minor, numbers

# Whose requirements are followed; what else a model's answer needs follows from them.
ROOTS = ("torch", "torchvision", "transformers", "qwen-vl-utils", "accelerate", "pillow", "numpy",
         "safetensors", "tokenizers", "huggingface-hub")  # fmt: skip


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


def taking_part(install: Install) -> set[str]:
    """Return the packages that an answer goes through."""
    return {*ROOTS, *(need.name for _by, need in asked(install, *ROOTS))}


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
    """Whether a version lies within bounds such as `>=2.0,!=2.3.*,<3`; True where unreadable."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet
    from packaging.version import InvalidVersion, Version

    try:
        return SpecifierSet(bounds).contains(Version(have), prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return True


def _applies(text: str, install: Install, extras: frozenset[str]) -> Need | None:
    """Return the requirement where it holds in this environment with these extras."""
    # Most lines hang on extras that nobody asked for: they are told by a glance.
    if "extra" in text and not any(f'"{e}"' in text or f"'{e}'" in text for e in extras):
        return None
    from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
    from packaging.requirements import InvalidRequirement, Requirement

    python = install.python or "3.11"
    about = {"python_version": minor(python), "python_full_version": python}
    try:
        need = Requirement(text)
        marker = need.marker
        if marker and not any(marker.evaluate({**about, "extra": e}) for e in extras or {""}):
            return None
    except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName):
        return None
    return Need(name=normal_name(need.name), bounds=str(need.specifier),
                extras=frozenset(need.extras))  # fmt: skip
