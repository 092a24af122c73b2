"""Make a bundle: resolve for each kind of machine, fetch everything once, list it, sign it.

May be killed at any moment and run again: what is there and right is kept.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, cast

from setup_assistant.agent.build import build
from setup_assistant.bundle import conda, cut, disk_check, finish, models, wheels
from setup_assistant.bundle.carried_python import CarriedPython
from setup_assistant.bundle.conda import Package
from setup_assistant.bundle.fetch import Offer, fetch
from setup_assistant.bundle.finish import item_of
from setup_assistant.bundle.manifest import Item, Manifest, Target
from setup_assistant.bundle.targets import Kind
from setup_assistant.bundle.wheels import Wheel
from setup_assistant.catalog import torch
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files, removal
from setup_assistant.host.removal_proofs import seen
from setup_assistant.machine.facts import Source
from setup_assistant.messages import Message, _, msg

T = TypeVar("T", bound=Offer)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to make. `part_bytes` 0: do not cut; `key`: the SSH key to sign with."""

    folder: Path
    kinds: tuple[Kind, ...]
    wishes: Wishes
    sources: tuple[Source, ...]
    with_weights: bool = True
    part_bytes: int = 0
    key: Path | None = None
    pythons: tuple[CarriedPython, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Made:
    """What one kind of machine gets: wheels, and for a conda environment its packages."""

    kind: Kind
    wheels: tuple[Wheel, ...]
    conda: tuple[Package, ...] = ()
    tools: tuple[Wheel, ...] = ()

    @property
    def id(self) -> str:
        """A name that stands for what it gets."""
        text = f"{self.kind.key} plan" if self.kind.planned else self.kind.key
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def offers(self) -> tuple[Offer, ...]:
        """Return all files to fetch."""
        return (*self.wheels, *self.conda, *self.tools)


def create(order: Order, tell: Callable[[Message], None]) -> Manifest:
    """Make the bundle; return its manifest.

    Raises:
        SetupError: `bundle_unresolved`, `bundle_fetch`, `no_space`, `disk_filled`,
            `not_writable`, `bundle_foreign`, `site_busy`, `bundle_unsigned`, and what the
            download of weights says.
    """
    try:
        work = disk_check.begin(order.folder)
        with files.exclusive(work / "lock", flag="--to"):
            manifest = _create(order, work, tell)
            removal.tidy(work.absolute(), under=order.folder.absolute(), proof=seen(work))
    except OSError as error:
        # Of a copy on a full disk the system names the file that was read.
        full = error.errno in files.FULL
        raise files.refusal(error, order.folder, flag="--to", named=not full) from error
    return manifest


def _create(order: Order, work: Path, tell: Callable[[Message], None]) -> Manifest:
    folder = order.folder
    disk_check.sweep(folder)
    cut.unpack(folder)
    made = _shared([_made(kind, work, tell) for kind in order.kinds])
    wanted = models.listed(order.kinds if order.with_weights else (), order.wishes, folder)
    every = {offer.path: offer for one in made for offer in one.offers()}
    sizes = [(o.path, o.bytes) for o in every.values()]
    disk_check.check(folder, [*sizes, *(s for m in wanted for s in m.sizes())], order.part_bytes)
    tell(msg("Fetching {count} [package|packages]", count=len(every)))
    fetch(every.values(), folder)
    weights = models.fetch(wanted, folder, tell)
    targets = tuple(_target(folder, one, weights) for one in made)
    items = [item_of(folder, o.path, o.sha256) for _path, o in sorted(every.items())]
    items += [i for some in weights.values() for i in some]
    items += [item_of(folder, p) for t in targets for p in (t.lock, t.channel) if p]
    return finish.seal(
        finish.Goods(
            folder=folder,
            targets=targets,
            agents=tuple(_agents(order)),
            pythons=tuple(_pythons(order)),
            items=tuple(items),
            offers=tuple(every.values()),
            weights=weights,
        ),
        wishes=order.wishes,
        sources=order.sources,
        part_bytes=order.part_bytes,
        key=order.key,
    )


def _made(kind: Kind, work: Path, tell: Callable[[Message], None]) -> Made:
    tell(msg("Resolving for {hosts}", hosts=", ".join(kind.hosts)))
    found = wheels.resolve(kind, work)
    if not kind.conda:
        return Made(kind=kind, wheels=found)
    packages = conda.solve(kind, work)
    return Made(kind=kind, wheels=found, conda=packages, tools=conda.maker(kind, work))


def _shared(made: Sequence[Made]) -> tuple[Made, ...]:
    """Let a file of one name be one file: mirrors that build it again offer it with other sums."""
    first: dict[str, Offer] = {}
    for one in made:
        for offer in one.offers():
            first.setdefault(offer.path, offer)

    def of(offers: Sequence[T]) -> tuple[T, ...]:
        return tuple(cast(T, first[o.path]) for o in offers)

    return tuple(
        replace(m, wheels=of(m.wheels), conda=of(m.conda), tools=of(m.tools)) for m in made
    )


def _target(folder: Path, made: Made, weights: dict[str, list[Item]]) -> Target:
    plan, name = made.kind.plan, made.id
    lock, channel = f"locks/{name}.lock", f"conda/{name}.json" if made.conda else ""
    files.write_text(folder / lock, wheels.lock(made.kind, made.wheels))
    if channel:
        files.write_json(folder / channel, conda.index(made.conda))
    return Target(
        id=name,
        key=made.kind.key.rpartition(" ")[0],
        platform=plan.platform,
        python=plan.python,
        backend=plan.backend,
        lock=lock,
        wheels=_paths(made.wheels),
        model=plan.model.id,
        weights=tuple(i.path for i in weights.get(plan.model.id, ())),
        hosts=made.kind.hosts,
        conda=_paths(made.conda),
        channel=channel,
        tools=_paths(made.tools),
        planned=made.kind.planned,
        driver=torch.driver_of(plan.torch.build, plan.placement.device),
    )


def _paths(offers: Sequence[Offer]) -> tuple[str, ...]:
    return tuple(sorted(o.path for o in offers))


def _agents(order: Order) -> list[Item]:
    """Put this tool into the bundle, for every processor there is."""
    found = []
    platforms = [k.plan.platform for k in order.kinds]
    for arch in sorted({p.arch for p in platforms if p.os == "Linux"}):
        built, path = build(arch), f"agent/agent-{arch}.pyz"
        _check_agent(built.path, arch)
        sum_, target = files.sha256(built.path), order.folder / path
        if not (target.exists() and files.sha256(target) == sum_):
            target.parent.mkdir(exist_ok=True)
            aside = target.with_name(target.name + ".part")
            with built.path.open("rb") as source, files.open_anew(aside) as out:
                shutil.copyfileobj(source, out)
            aside.replace(target)
        found.append(item_of(order.folder, path, sum_))
    return found


def _pythons(order: Order) -> Iterator[Item]:
    for one in order.pythons:
        one.put_into(order.folder)
        yield item_of(order.folder, one.path)


def _check_agent(agent: Path, arch: str) -> None:
    """Refuse an agent that could make no environment there: uv could not be fetched."""
    with zipfile.ZipFile(agent) as archive:
        if f"uv-{arch}/bin/uv" in archive.namelist():
            return
    # The next run tries to fetch it again.
    removal.drop(agent, under=agent.parent)
    url = f"uv-{importlib.metadata.version('uv')} ({arch})"
    raise SetupError("bundle_fetch", url=url, detail=_("no package index has it"))
