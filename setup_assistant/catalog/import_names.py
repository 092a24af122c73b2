"""Whose a name is, and since and until which release, from `recipes/import_names.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, partial

from setup_assistant.catalog.folder import Sourced, read


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
        seen: first and last release; empty where no releases were compared.
        since: release → names, with a blank between: `:Name` of the module itself, `part:Name`
            of a module in it, `part` for that module, `.name` an attribute of its objects,
            `Class.name` of one class, `call(name,name)` arguments of a function or class, `(name)`
            of `from_pretrained`.
        until: the same of names that this release no longer has.
        owns: classes and functions that are its own, whichever release it is.
    """

    module: str
    seen: tuple[str, ...] = ()
    since: dict[str, str] = field(default_factory=dict)
    until: dict[str, str] = field(default_factory=dict)
    owns: str = ""


@dataclass(frozen=True, kw_only=True)
class ImportNames(Sourced):
    """The whole recipe."""

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


def attribute(top: str, name: str, owner: str = "") -> Span | None:
    """Return from when to when objects of a package have an attribute; None where unknown.

    Args:
        top: module of the package.
        name: the attribute.
        owner: the class; one of the person's own is called like the one that it is made from, as
            `MyQwen2VLConfig`; configurations that are not known change as those of Llama do.
    """
    known = _spans().get(top, {})
    # What a configuration was made with it keeps.
    spelt = ("{}.{}", "{}({})") if owner.endswith("Config") else ("{}.{}",)
    told = (known.get(form.format(end, name)) for end in _ends(owner) for form in spelt)
    found = next(filter(None, told), None) or known.get(f".{name}")
    if found or not owner.endswith("Config"):
        return found
    # One that declares its own, and one that takes all from the base class.
    return known.get(f"LlamaConfig.{name}") or known.get(f"Qwen2VLVisionConfig.{name}")


def keyword(top: str, call: str, name: str) -> Span | None:
    """Return from when to when a function of a package takes an argument.

    Args:
        top: module of the package.
        call: the function, `Class.function`, or a class.
        name: the argument.
    """
    known = _spans().get(top, {})
    call = call.removesuffix(".__init__")
    last = call.rpartition(".")[2]
    # What from_pretrained takes reaches the classes that it makes, and no other function.
    made = last == "from_pretrained" or (last[:1].isupper() and "Train" not in last)
    found = known.get(f"{call}({name})") or (known.get(f"({name})") if made else None)
    return found or (known.get(f".{name}") if last.endswith("TrainingArguments") else None)


def owner(name: str) -> str:
    """Return the module of the package that a class or function is of; empty where unknown."""
    return _owners().get(name, "")


def _ends(name: str) -> Iterator[str]:
    """Yield a name, and what is left of it from each capital on: `MyGRPOTrainer`, `GRPOTrainer`."""
    return (name[i:] for i in range(len(name)) if not i or name[i].isupper())


load = partial(read, "import_names.toml", ImportNames)


@cache
def _spans() -> dict[str, dict[str, Span]]:
    return {p.module: _of(p) for p in load().package}


def _of(package: Package) -> dict[str, Span]:
    since, until = ({n: release for release, names in rows.items() for n in _each(names)}
                    for rows in (package.since, package.until))  # fmt: skip
    return {n: Span(since=since.get(n, ""), until=until.get(n, "")) for n in {*since, *until}}


def _each(names: str) -> Iterator[str]:
    """Yield each name, and each argument with its function."""
    for name in names.split():
        call, _, arguments = name.partition("(")
        if arguments:
            yield from (f"{call}({a})" for a in arguments[:-1].split(","))
        else:
            yield name


@cache
def _owners() -> dict[str, str]:
    """Return whose each name is; what several packages have is nobody's."""
    found: dict[str, str] = {}
    for package in load().package:
        changed = (n[1:] for n in _spans()[package.module] if n[:1] == ":")
        for name in {*package.owns.split(), *changed}:
            found[name] = (
                "" if found.get(name, package.module) != package.module else package.module
            )
    return found
