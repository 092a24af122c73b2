"""Compare the pinned packages with an index: what is newer, yanked, missing or without a wheel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from packaging.utils import canonicalize_name
from packaging.version import Version

from setup_assistant.catalog.index_page import File, listed_files, newest_after
from setup_assistant.catalog.recipes import Recipes
from setup_assistant.catalog.resolved import Resolved

# The words of a wheel's platform tag, by the recipes' name of the platform.
_PLATFORMS = {
    "Linux-x86_64": ("linux", "x86_64"),
    "Linux-aarch64": ("linux", "aarch64"),
    "Windows-x86_64": ("win", "amd64"),
    "Darwin-arm64": ("macosx", "arm64"),
    "Darwin-x86_64": ("macosx", "x86_64"),
}
# After as many pages none of which could be read, no index is there.
_ENOUGH = 3
Kind = Literal["newer", "yanked", "missing", "no_wheel", "unread"]


@dataclass(frozen=True, kw_only=True)
class Pinned:
    """One package at one version, and the platforms that a recipe promises wheels for."""

    package: str
    version: str
    platforms: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Found:
    """What an index says of a pinned package. `newest` is its newest release, if newer."""

    package: str
    version: str
    kind: Kind
    newest: str = ""
    detail: str = ""


def pinned(recipes: Recipes, resolved: Resolved) -> list[Pinned]:
    """Return every package that a plan may pin, or a remedy ask for, each version once."""
    rows = [
        *(Pinned(package="torch", version=r.torch) for r in recipes.torch.release),
        *(Pinned(package="torchvision", version=r.torchvision) for r in recipes.torch.release),
        *(
            Pinned(package=d.package, version=d.version, platforms=d.platforms)
            for d in recipes.stacks.decoder
        ),
    ]
    for stack in recipes.stacks.stack:
        rows += [Pinned(package=name, version=v) for name, v in stack.pins.items()]
    for name, versions in resolved.packages.items():
        rows += [Pinned(package=name, version=v) for v in versions]
    return list(dict.fromkeys(rows))


def compare(
    recipes: Recipes, resolved: Resolved, index: str, read: Callable[[str], str]
) -> Iterator[Found]:
    """Yield what the index says of the recipes' packages.

    Args:
        recipes: the recipes.
        resolved: the packages that remedies name.
        index: the address of a package index, without its last slash.
        read: returns the text of a page; its failure is told as `unread`, and ends the comparing
            where no page at all can be read.
    """
    rows = pinned(recipes, resolved)
    unread, read_any = 0, False
    for package in dict.fromkeys(r.package for r in rows):
        here = [r for r in rows if r.package == package]
        try:
            listed = listed_files(read(f"{index}/{canonicalize_name(package)}/"))
        except Exception as error:  # noqa: BLE001 - whatever a page may be, the others are asked
            yield Found(
                package=package, version=here[0].version, kind="unread", detail=str(error)[:200]
            )
            unread += 1
            if unread == _ENOUGH and not read_any:
                return
            continue
        read_any = True
        yield from _newer(package, here, listed)
        for row in here:
            yield from _of_row(row, listed)


def _newer(package: str, here: list[Pinned], listed: list[File]) -> Iterator[Found]:
    known = max(Version(r.version) for r in here)
    if newest := newest_after(known, listed):
        yield Found(package=package, version=str(known), kind="newer", newest=str(newest))


def _of_row(row: Pinned, listed: list[File]) -> Iterator[Found]:
    wanted = Version(row.version)
    own = [w for w in listed if w.version.release == wanted.release]
    if not own:
        yield Found(package=row.package, version=row.version, kind="missing")
        return
    if all(w.yanked for w in own):
        yield Found(package=row.package, version=row.version, kind="yanked")
    for platform in row.platforms:
        words = _PLATFORMS.get(platform, (platform,))
        if not any(w.platform == "any" or all(x in w.platform for x in words) for w in own):
            yield Found(package=row.package, version=row.version, kind="no_wheel", detail=platform)
