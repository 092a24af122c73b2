"""The last step of a bundle: say what is in it, cut it, remove what is not, and sign it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from setup_assistant import __version__
from setup_assistant.bundle import cut, sbom
from setup_assistant.bundle import manifest as manifests
from setup_assistant.bundle.fetch import Offer
from setup_assistant.bundle.manifest import Item, Manifest, Target
from setup_assistant.bundle.readme import LAUNCHER, README, launcher, readme
from setup_assistant.bundle.verify import strangers
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import clock, files, removal
from setup_assistant.host.secrets import without_login
from setup_assistant.machine.facts import Source

SBOM = "sbom.cdx.json"
_DESCRIBE = (README, LAUNCHER, SBOM)


@dataclass(frozen=True, kw_only=True)
class Goods:
    """What lies in a bundle's folder, before it is cut and described."""

    folder: Path
    targets: tuple[Target, ...]
    agents: tuple[Item, ...]
    items: tuple[Item, ...]
    offers: tuple[Offer, ...]
    weights: Mapping[str, list[Item]]
    pythons: tuple[Item, ...] = ()


def seal(
    goods: Goods,
    *,
    wishes: Wishes,
    sources: Sequence[Source],
    part_bytes: int,
    key: Path | None,
) -> Manifest:
    """Write what describes the bundle, cut it, and sign it last.

    The same goods give the same bytes: the date of an earlier manifest is kept where nothing else
    changed, and SOURCE_DATE_EPOCH names one.

    Raises:
        SetupError: `bundle_unsigned`, `usage`; an OSError is the caller's.
    """
    folder = goods.folder
    manifest = Manifest(
        created="",
        tool=__version__,
        wishes=_public(wishes),
        # Plans are made with these again; how fast they were today is no part of that.
        sources=tuple(replace(s, seconds=None, bytes_per_second=None) for s in sources),
        targets=goods.targets,
        files=(*goods.agents, *goods.pythons, *goods.items),
        part_bytes=part_bytes,
    )
    manifest = replace(manifest, created=_date(folder, manifest))
    plain = [*_tops(goods, signed=key is not None), _sbom(goods, manifest.created)]
    # The agent and its Python stay whole: they are what puts the others together.
    rest = cut.pack(folder, goods.items, part_bytes) if part_bytes else goods.items
    manifest = replace(manifest, files=(*plain, *goods.agents, *goods.pythons, *rest))
    for signature in (manifests.SIGNATURE, manifests.SUMS_SIGNATURE):
        removal.drop(folder / signature, under=folder)
    manifests.save(folder, manifest)
    # What is refused elsewhere, such as two names that are one there, is refused here.
    manifests.load([folder])
    removal.drop(folder / cut.JOURNAL, under=folder)
    _tidy(folder, manifest)
    if key is not None:
        from setup_assistant.bundle import sign

        sign.sign(folder, key)
    return manifest


def item_of(folder: Path, path: str, sha256: str = "") -> Item:
    """Return a file as it lies there; its sum is reckoned where it is not known."""
    file = folder / path
    return Item(path=path, size=file.stat().st_size, sha256=sha256 or files.sha256(file))


def _public(wishes: Wishes) -> Wishes:
    """Leave passwords out of addresses: a bundle goes from hand to hand."""
    return replace(
        wishes,
        mirror=without_login(wishes.mirror),
        weights_source=without_login(wishes.weights_source),
    )


def _date(folder: Path, manifest: Manifest) -> str:
    """Return when it was made: of an earlier run where it made the same, else now."""
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if text.isascii() and text.isdigit():
        # As reproducible builds are given theirs (reproducible-builds.org).
        moment = datetime.fromtimestamp(int(text), tz=timezone.utc)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    try:
        old = manifests.load([folder])
    except SetupError:
        return clock.now()
    plain = tuple(replace(i, pieces=()) for i in old.files if i.path not in _DESCRIBE)
    same = replace(old, created="", files=plain) == manifest
    return old.created if same else clock.now()


def _tops(goods: Goods, *, signed: bool) -> list[Item]:
    """Write what people begin with."""
    carried = [p.path.removeprefix("python/python-").split(".")[0] for p in goods.pythons]
    text = readme(goods.targets, goods.weights, signed=signed, carried=carried)
    files.write_text(goods.folder / README, text)
    files.write_text(goods.folder / LAUNCHER, launcher())
    return [item_of(goods.folder, README), item_of(goods.folder, LAUNCHER)]


def _sbom(goods: Goods, created: str) -> Item:
    value = sbom.render(
        created,
        __version__,
        folder=goods.folder,
        offers=goods.offers,
        models=goods.weights.items(),
        agents=goods.agents,
        pythons=goods.pythons,
    )
    files.write_json(goods.folder / SBOM, value)
    return item_of(goods.folder, SBOM)


def _tidy(folder: Path, manifest: Manifest) -> None:
    """Remove what no machine needs any longer, from the folders that are ours alone."""
    for path in strangers([folder], manifest.parts(), manifests.FOLDERS):
        removal.drop(path, under=folder)
    for name in manifests.FOLDERS:
        cut.prune(folder / name, folder)
