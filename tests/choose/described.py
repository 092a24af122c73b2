"""Machines described in a line, and the plans for them."""

from __future__ import annotations

import functools
from typing import Any

from setup_assistant.catalog.recipes import Recipes, load_all
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.planner import make_plan
from setup_assistant.choose.wishes import Wishes
from setup_assistant.cli.plan.what_if import machine_of
from setup_assistant.machine.facts import Machine, Source

GIB = 1 << 30


@functools.cache
def known() -> Recipes:
    return load_all()


def described(
    driver: str | None,
    *specs: str,
    system: str = "Linux",
    arch: str = "x86_64",
    python: str | None = None,
    ram_gib: float | None = None,
    glibc: str | None = None,
) -> Machine:
    """Return a what-if machine; `specs` are NAME,CC,TOTAL_MIB,FREE_MIB."""
    return machine_of(
        driver=driver, specs=specs, system=system, arch=arch, python=python, ram_gib=ram_gib,
        glibc=glibc,
    )  # fmt: skip


def planned(machine: Machine, **wishes: Any) -> Plan:
    return make_plan(machine, Wishes(**wishes), known())


def plan_for(driver: str | None, *specs: str, **about: Any) -> Plan:
    names = ("model", "family", "strict_cuda", "gpus", "purpose", "max_pixels", "max_frames")
    wishes = {k: about.pop(k) for k in names if k in about}
    return planned(described(driver, *specs, **about), **wishes)


def reached(*names: str) -> tuple[Source, ...]:
    """Return every source of the recipes; those named "leg/name" answer."""
    return tuple(
        Source(leg=m.leg, name=m.name, url=m.url, reachable=f"{m.leg}/{m.name}" in names)
        for m in known().mirrors
    )
