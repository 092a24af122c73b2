"""What every export is made from: a plan, and a lock that others can install from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from setup_assistant.catalog import drivers
from setup_assistant.choose import locked
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.target_platform import host_of
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.machine.facts import Machine
from setup_assistant.messages import _
from setup_assistant.site.read import read_site
from setup_assistant.site.requirements import pins

# pip's options that name where packages come from.
_PLACES = re.compile(
    r"^(?:--(?:index-url|extra-index-url|find-links)|-[if])[ =]*(\S+)", re.MULTILINE
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A plan without the names of its machine's cards, and its lock.

    `python` is "3.12"; `arch` x86_64 or aarch64; `weights` the folder of the weights here.
    """

    plan: Plan
    lock: str
    python: str
    arch: str
    weights: Path


def read_source(site: Path, lock: Path | None = None) -> Source:
    """Return what is exported of a site.

    Args:
        site: the folder of the deployment.
        lock: a lock to take instead of the site's own.

    Raises:
        SetupError: `export_refused` for a lock that others cannot install from, and what reading
            the site raises.
    """
    read = read_site(site)
    path = lock or read.layout.packages_lock
    text = files.read_text(path, "--lock" if lock else "--site")
    python, platform = locked.made_for(text) or (read.plan.python, _platform(read.machine))
    if fault := _fault(text, platform, read.plan):
        raise SetupError("export_refused", path=str(path), detail=fault)
    placement = replace(read.plan.placement, gpus=())
    return Source(
        plan=replace(read.plan, placement=placement),
        lock=text,
        python=python,
        arch=platform.partition("-")[2],
        weights=read.layout.weights(read.plan.model.modelscope_id).absolute(),
    )


def _platform(machine: Machine) -> str:
    return host_of(machine, drivers.load()).platform


def _fault(text: str, platform: str, plan: Plan) -> str | None:
    """Return why nobody else could install a plan from a lock."""
    if not platform.startswith("Linux-"):
        return _("it is for {platform}, and exports run on Linux.", platform=platform)
    local = [
        place for place in _PLACES.findall(text) if not place.startswith(("http://", "https://"))
    ]
    if local:
        return _("it takes packages from {place}, which only this machine has.", place=local[0])
    bare = [entry for entry in _requirements(text) if "--hash=" not in entry]
    if bare:
        return _("it has no hash for {name}.", name=bare[0])
    has = locked.pins(text)
    for pin in pins(plan):
        name, _equal, version = pin.partition("==")
        if has.get(name) != version:
            return _("the plan wants {pin}, and it has {has}.", pin=pin, has=has.get(name, "-"))
    return None


def _requirements(text: str) -> Iterator[str]:
    """Yield each requirement of a lock, its continued lines joined."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.lstrip().startswith(("#", "--", "-i", "-f")):
            yield line.strip()
