"""A lock decides the versions: the recipes are narrowed to it, and the plan says what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from setup_assistant.catalog.recipes import Recipes
from setup_assistant.catalog.stacks import Stacks
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.planner import make_plan
from setup_assistant.choose.sizes import WRITE_SPEED
from setup_assistant.choose.target_platform import host_of
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.machine.facts import Machine
from setup_assistant.versions import minor, numbers

_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_PYTHON = re.compile(r"^# For Python (\d+\.\d+) on ([\w-]+)$", re.MULTILINE)


def make(machine: Machine, wishes: Wishes, recipes: Recipes, text: str) -> Plan:
    """Return the plan of a machine for exactly what a lock names.

    Args:
        machine: where it is to run.
        wishes: what the person wants; `lock` is the path of the lock, for errors.
        recipes: what is known to work.
        text: the lock.

    Raises:
        SetupError: `lock_unknown` or `lock_elsewhere`, and what `make_plan` raises.
    """
    host, wanted = host_of(machine, recipes.drivers), pins(text)
    if source := made_for(text):
        python, platform = source
        mine = wishes.python or python
        if platform != host.platform or minor(mine) != python:
            here = f"Python {minor(mine)}, {host.platform}"
            raise SetupError(
                "lock_elsewhere", path=wishes.lock, python=python, platform=platform, here=here
            )
        wishes = replace(wishes, python=python)
    narrow = narrowed(recipes, wanted, host.arch, wishes.lock or wishes.wheelhouse)
    return as_locked(make_plan(machine, wishes, narrow), wanted, narrow, host.arch)


def text_of(wheels: Iterable[str]) -> str:
    """Return a lock's text for a folder of wheels, from their file names (PEP 427).

    A package that is there in several versions is left open, but for torch: the newest is taken.
    """
    found: dict[str, list[str]] = {}
    for file in wheels:
        name, _, rest = file.partition("-")
        found.setdefault(name.replace("_", "-").lower(), []).append(rest.partition("-")[0])
    newest = {"torch": max(found.get("torch", []), key=numbers, default="")}
    single = {name: some[0] for name, some in found.items() if len(set(some)) == 1}
    return "".join(f"{n}=={v}\n" for n, v in {**single, **newest}.items() if v)


def pins(text: str) -> dict[str, str]:
    """Return what a lock names: normalized package name → version, local part included."""
    return {re.sub(r"[-_.]+", "-", n).lower(): v for n, v in _PIN.findall(text)}


def made_for(text: str) -> tuple[str, str] | None:
    """Return Python and platform that a lock was made for, e.g. "3.11" and "Linux-x86_64"."""
    found = _PYTHON.search(text)
    return (found[1], found[2]) if found else None


def narrowed(recipes: Recipes, wanted: Mapping[str, str], arch: str, path: str) -> Recipes:
    """Return recipes that leave nothing to choose but what the lock names.

    Args:
        recipes: all that is known to work.
        wanted: the lock's pins.
        arch: machine architecture, e.g. "x86_64".
        path: the lock, for errors.

    Raises:
        SetupError: `lock_unknown` where it has no torch, or one that no recipe knows.
    """
    version, _, build = wanted.get("torch", "").partition("+")
    releases = [r for r in recipes.torch.release if r.torch == version]
    if not releases:
        raise SetupError("lock_unknown", path=path, torch=version or "-")
    release = replace(releases[0], avoid="")
    tag = build or release.pypi.get(arch, "")
    builds = tuple(b for b in release.builds if b.tag == tag)
    vision = wanted.get("torchvision", release.torchvision).partition("+")[0]
    release = replace(release, builds=builds, torchvision=vision)
    return replace(
        recipes,
        torch=replace(recipes.torch, release=(release,)),
        stacks=_stacks(recipes.stacks, wanted),
    )


def as_locked(plan: Plan, wanted: Mapping[str, str], recipes: Recipes, arch: str) -> Plan:
    """Return the plan with torch as the lock has it: a default build bears no local version."""
    release = recipes.torch.release[0]
    if "+" in wanted["torch"] or plan.torch.compatibility == "default-build":
        return plan
    build = release.pypi.get(arch, "cpu")
    size = recipes.torch.sizes[build]
    torch = replace(
        plan.torch,
        build=build,
        compatibility="default-build",
        index_url=plan.sources.packages,
        find_links=None,
        download_bytes=size.download,
        installed_bytes=size.installed,
    )
    was, known = recipes.torch.sizes[plan.torch.build], plan.sizes
    fetched, more = size.download - was.download, size.installed - was.installed
    seconds = known.expected_seconds
    sizes = replace(
        known,
        packages_download_bytes=known.packages_download_bytes + fetched,
        packages_installed_bytes=known.packages_installed_bytes + more,
        expected_seconds=seconds and round(seconds + more / WRITE_SPEED, 1),
    )
    return replace(plan, torch=torch, sizes=sizes)


def _stacks(stacks: Stacks, wanted: Mapping[str, str]) -> Stacks:
    """Return the stacks with the lock's versions in place of their own."""

    def pin(name: str, own: str) -> str:
        return wanted.get(name, own).partition("+")[0]

    return replace(
        stacks,
        stack=tuple(
            replace(s, **cast("Any", {n.replace("-", "_"): pin(n, v) for n, v in s.pins.items()}))
            for s in stacks.stack
        ),
        decoder=tuple(
            replace(d, version=wanted[d.package]) for d in stacks.decoder if d.package in wanted
        ),
        companion=tuple(
            replace(c, packages={n: pin(n, v) for n, v in c.packages.items()})
            for c in stacks.companion
        ),
    )
