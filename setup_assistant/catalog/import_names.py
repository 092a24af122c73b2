"""Since and until which release a module has a name, from `recipes/import_names.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from setup_assistant.catalog.folder import read


@dataclass(frozen=True, kw_only=True)
class Span:
    """From `since` on, up to but without `until`; empty where it was, or is, always there."""

    since: str = ""
    until: str = ""


@dataclass(frozen=True, kw_only=True)
class Package:
    """What came and went in the releases of a package, oldest to newest that were looked at.

    Args:
        module: the name that is imported.
        seen: first and last release.
        since: release → names, with a blank between: `:Name` of the module itself, `part:Name`
            of a module in it, `part` for that module.
        until: the same of names that this release no longer has.
    """

    module: str
    seen: tuple[str, str]
    since: dict[str, str]
    until: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ImportNames:
    """The whole recipe."""

    source: str
    date: str
    package: tuple[Package, ...]


def span(module: str, name: str) -> Span | None:
    """Return from when to when `module` has `name`; None where nothing of it has changed."""
    top, _, part = module.partition(".")
    known = _spans().get(top, {})
    inside = f"{part}.{name}" if part else name
    # What a part of the package no longer has may still be a name of the package itself.
    return known.get(f"{part}:{name}") or known.get(inside) or known.get(f":{name}")


def names(top: str) -> Iterator[str]:
    """Yield the names of a package itself that came in one of its releases."""
    return (n[1:] for n in _spans().get(top, {}) if n.startswith(":"))


def load(folder: Path | None = None) -> ImportNames:
    """Return the recipe."""
    return read("import_names.toml", ImportNames, folder)


@cache
def _spans() -> dict[str, dict[str, Span]]:
    return {p.module: _of(p) for p in load().package}


def _of(package: Package) -> dict[str, Span]:
    since, until = ({name: release for release, names in rows.items() for name in names.split()}
                    for rows in (package.since, package.until))  # fmt: skip
    return {n: Span(since=since.get(n, ""), until=until.get(n, "")) for n in {*since, *until}}
