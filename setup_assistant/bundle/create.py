"""Make a bundle: resolve for each kind of machine, fetch everything once, list it, sign it.

May be killed at any moment and run again: what is there and right is kept.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup_assistant import __version__
from setup_assistant.bundle import contents, cut, sbom, wheels
from setup_assistant.bundle.contents import Item, Manifest, Target
from setup_assistant.bundle.targets import Kind, glibc_of
from setup_assistant.bundle.wheels import Wheel
from setup_assistant.choose.candidates import CANARY
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.fleet import agent
from setup_assistant.host import clock, files
from setup_assistant.machine.facts import Source
from setup_assistant.sizes import size_text
from setup_assistant.steps.download import places
from setup_assistant.steps.download.folder import Job, bring
from setup_assistant.words import Message, msg

_README = """\
Everything that {count} kinds of machine need to run Qwen2-VL, without internet.
On each machine (Linux, Python 3.10 or newer), in this folder, or with every stick's folder named:

    python3 {agent} bundle verify .
    python3 {agent} bundle apply .

{count} 类机器运行 Qwen2-VL 所需的全部内容，无需联网。
在每台机器上（Linux，Python 3.10 或更新版本），在此文件夹中运行，或列出每个 U 盘的文件夹：

    python3 {agent} bundle verify .
    python3 {agent} bundle apply .
"""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to make. `weights_source` as of `download --source`; `part_bytes` 0: do not cut."""

    folder: Path
    kinds: tuple[Kind, ...]
    wishes: Wishes
    sources: tuple[Source, ...]
    with_weights: bool = True
    part_bytes: int = 0
    key: Path | None = None


def create(order: Order, tell: Callable[[Message], None]) -> Manifest:
    """Make the bundle; return its manifest.

    Raises:
        SetupError: `bundle_unresolved`, `bundle_fetch`, `no_space`, `disk_filled`,
            `bundle_unsigned`, and what the download of weights says.
    """
    folder = order.folder
    folder.mkdir(parents=True, exist_ok=True)
    _open_again(folder)
    made: list[tuple[Kind, str, tuple[Wheel, ...]]] = []
    for kind in order.kinds:
        tell(msg("Resolving for {hosts}", hosts=", ".join(kind.hosts)))
        lock, found = wheels.resolve(kind, folder / ".work")
        made.append((kind, lock, found))
    shutil.rmtree(folder / ".work", ignore_errors=True)
    every = {w.name: w for _kind, _lock, found in made for w in found}
    _check_space(folder, every.values())
    tell(msg("Fetching {count} wheels", count=len(every)))
    wheels.fetch(every.values(), folder / "wheels", lambda _size, _name: None)
    _only(folder / "wheels", every)
    models = _models(order, tell)
    targets = tuple(_target(folder, k, lock, found, models) for k, lock, found in made)
    items = [*_agents(order), *_weights(models)]
    items += [_item(folder, f"wheels/{name}", every[name].sha256) for name in sorted(every)]
    items += [_item(folder, t.lock) for t in targets]
    return _seal(order, targets, items, every.values(), models)


def _seal(
    order: Order,
    targets: tuple[Target, ...],
    items: list[Item],
    every: Iterable[Wheel],
    models: dict[str, list[Item]],
) -> Manifest:
    """Write what describes the bundle, cut it, and sign it last."""
    folder, created = order.folder, clock.now()
    first = next(i.path for i in items if i.path.startswith("agent/"))
    files.write_json(
        folder / "sbom.cdx.json", sbom.render(created, __version__, every, models.items())
    )
    files.write_text(folder / "README.txt", _README.format(count=len(targets), agent=first))
    plain = [_item(folder, "sbom.cdx.json"), _item(folder, "README.txt")]
    agents = [i for i in items if i.path.startswith("agent/")]
    rest = [i for i in items if not i.path.startswith("agent/")]
    if order.part_bytes:
        # The agent stays whole: it is what puts the others together.
        rest = list(cut.pack(folder, rest, order.part_bytes))
    manifest = Manifest(
        created=created,
        tool=__version__,
        wishes=order.wishes,
        sources=order.sources,
        targets=targets,
        files=(*plain, *agents, *rest),
        part_bytes=order.part_bytes,
    )
    (folder / contents.SIGNATURE).unlink(missing_ok=True)
    contents.save(folder, manifest)
    if order.key is not None:
        from setup_assistant.bundle import sign

        sign.sign(folder, order.key)
    return manifest


def _open_again(folder: Path) -> None:
    """Put the pieces of an earlier bundle together again, so that nothing is fetched twice."""
    try:
        old = contents.load([folder])
    except SetupError:
        return
    for item in old.files:
        if item.pieces and not (folder / item.path).exists():
            cut.join(folder, item)
    for part in folder.glob("part-*"):
        shutil.rmtree(part, ignore_errors=True)


def _models(order: Order, tell: Callable[[Message], None]) -> dict[str, list[Item]]:
    """Bring the weights of every planned model; the canary comes with the agent."""
    found: dict[str, list[Item]] = {}
    for kind in order.kinds if order.with_weights else ():
        model = kind.plan.model
        if model.id == CANARY or model.id in found:
            continue
        tell(msg("Downloading {model}", model=model.id))
        wished, below = order.wishes.weights_source, f"weights/{model.modelscope_id}"
        source = places.source_of(
            wished,
            places.endpoint(wished, kind.plan.sources.weights),
            model=model.modelscope_id,
            resume="setup-assistant bundle create",
            flag="--to",
        )
        brought = bring(
            Job(model=model.modelscope_id, source=source, folder=order.folder / below, flag="--to")
        )
        found[model.id] = [
            Item(path=f"{below}/{k.path}", size=k.size, sha256=k.sha256)
            for k in brought.record.files
        ]
    return found


def _weights(models: dict[str, list[Item]]) -> list[Item]:
    return [item for items in models.values() for item in items]


def _target(
    folder: Path, kind: Kind, lock: str, found: Sequence[Wheel], models: dict[str, list[Item]]
) -> Target:
    name = hashlib.sha256(kind.key.encode()).hexdigest()[:8]
    path = f"locks/{name}.lock"
    files.write_text(folder / path, lock)
    system = kind.machine.system
    return Target(
        id=name,
        key=kind.key.rpartition(" ")[0],
        os=system.os,
        arch=system.arch,
        python=kind.plan.python,
        glibc=glibc_of(kind.machine) if system.os == "Linux" else "",
        lock=path,
        wheels=tuple(sorted(f"wheels/{w.name}" for w in found)),
        model=kind.plan.model.id,
        weights=tuple(i.path for i in models.get(kind.plan.model.id, ())),
        hosts=kind.hosts,
    )


def _agents(order: Order) -> list[Item]:
    """Put this tool into the bundle, for every processor there is."""
    found = []
    for arch in sorted(
        {k.machine.system.arch for k in order.kinds if k.machine.system.os == "Linux"}
    ):
        built = agent.build(arch)
        path = f"agent/agent-{arch}.pyz"
        (order.folder / "agent").mkdir(exist_ok=True)
        shutil.copyfile(built.path, order.folder / path)
        found.append(_item(order.folder, path))
    return found


def _item(folder: Path, path: str, sha256: str = "") -> Item:
    file = folder / path
    return Item(path=path, size=file.stat().st_size, sha256=sha256 or files.sha256(file))


def _only(folder: Path, wanted: Iterable[str]) -> None:
    """Remove wheels that no machine needs any longer."""
    names = set(wanted)
    for path in folder.iterdir():
        if path.name not in names:
            files.remove(path)


def _check_space(folder: Path, every: Iterable[Wheel]) -> None:
    need = sum(w.size or 0 for w in every if not (folder / "wheels" / w.name).exists())
    free = files.free_bytes(folder)
    if free < need:
        raise SetupError(
            "no_space", path=str(folder), free=size_text(free), need=size_text(need), flag="--to"
        )
