"""Set up this machine from a bundle that was checked: the right target, and nothing online."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

from setup_assistant.bundle import conda, cut
from setup_assistant.bundle.manifest import Manifest, Target
from setup_assistant.bundle.remote import Remote
from setup_assistant.bundle.targets import OLDEST_GLIBC, plan_key
from setup_assistant.bundle.verify import Checked
from setup_assistant.catalog import drivers, mirrors
from setup_assistant.choose import locked, mirror_wish
from setup_assistant.choose.backend import pythons
from setup_assistant.choose.candidates import CANARY
from setup_assistant.choose.plan import Platform
from setup_assistant.choose.target_platform import Host, host_of
from setup_assistant.choose.wishes import Backend, Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import paths, removal
from setup_assistant.host.removal_proofs import called
from setup_assistant.machine.facts import Machine
from setup_assistant.steps.prepare import Prepared, make, prepare
from setup_assistant.versions import at_least, minor


def target_of(manifest: Manifest, machine: Machine) -> Target:
    """Return the target that is right for a machine: the plan it would have had online.

    One that was made from a plan alone is right where this machine can run it.

    Raises:
        SetupError: `bundle_unfit` where none is, and what planning says.
    """
    fitting = [t for t in manifest.targets if _fits(t, machine)]
    asked = [t for t in fitting if t.planned]
    need = ""
    try:
        plan = make(replace(machine, sources=manifest.sources), manifest.wishes)
    except SetupError:
        if not asked:
            raise
    else:
        exact = [t for t in fitting if t.key == plan_key(plan)]
        if exact:
            # Free memory changes by the hour: a model that is not in the bundle cannot be used.
            return next((t for t in exact if t.model == plan.model.id), exact[0])
        need = _said(plan.platform, plan.python, plan_key(plan))
    return next(filter(lambda t: _runs(t, machine), asked), None) or _none(
        manifest, need or _said(host_of(machine, drivers.load()), machine.system.python or "?", "")
    )


def _none(manifest: Manifest, need: str) -> Target:
    have = "; ".join(sorted({_said(t.platform, t.python, t.key) for t in manifest.targets}))
    raise SetupError("bundle_unfit", need=need, have=have)


def _said(platform: Platform | Host, python: str, key: str) -> str:
    """Return what tells kinds of machine apart, for people."""
    torch = next((w for w in key.split() if w.startswith("torch")), "torch")
    glibc = platform.glibc or OLDEST_GLIBC
    return f"{platform.os} {platform.arch}, glibc {glibc}, Python {python}, {torch}"


def _fits(target: Target, machine: Machine) -> bool:
    host, wanted = host_of(machine, drivers.load()), target.platform
    return (wanted.os, wanted.arch) == (host.os, host.arch) and (
        host.os != "Linux" or at_least(host.glibc or OLDEST_GLIBC, wanted.glibc)
    )


def _runs(target: Target, machine: Machine) -> bool:
    """Whether a machine can run what a plan named: its Python, driver, cards and memory."""
    from setup_assistant.catalog.recipes import load_all

    recipes = load_all(paths.recipes_folder())
    # Without a network only conda brings a Python along.
    if not target.conda and minor(target.python) not in pythons(machine, Wishes(), "uv", recipes):
        return False
    wishes = Wishes(model=target.model, python=target.python, backend="uv")
    text = locked.text_of(Path(p).name for p in target.wheels)
    try:
        locked.make(replace(machine, sources=()), wishes, recipes, text)
    except SetupError:
        return False
    return True


def needed(target: Target, *, packages: bool = True, weights: bool = True) -> tuple[str, ...]:
    """Return the paths of what a target is set up from."""
    return (
        target.lock,
        *(target.packages() if packages else ()),
        *(target.weights if weights else ()),
    )


@contextlib.contextmanager
def fetched(
    remote: Remote, signer: Path | None, machine: Machine, site: str, *, dry_run: bool = False
) -> Iterator[Prepared]:
    """Yield the site as planned from a bundle at an address; what is done is not fetched again.

    Raises:
        SetupError: as `target_of` and `Remote.fetch`.
    """
    checked = remote.open(signer)
    manifest = checked.manifest
    target = target_of(manifest, machine)
    remote.fetch(manifest, needed(target, packages=False, weights=False))
    with ready(checked, machine, site, paths_only=True, dry_run=dry_run) as prepared:
        undone = _undone(prepared)
    wanted = needed(target, packages="environment" in undone, weights="weights" in undone)
    remote.fetch(manifest, wanted)
    with ready(checked, machine, site, paths_only=not undone, dry_run=dry_run) as prepared:
        yield prepared
    if not _undone(prepared):
        remote.forget()


def _undone(prepared: Prepared) -> set[str]:
    """Return the steps whose check does not pass yet."""
    from setup_assistant.steps.ledger import Ledger
    from setup_assistant.steps.run_steps import standard_steps
    from setup_assistant.steps.step import Context

    layout = prepared.layout
    steps = standard_steps(prepared.plan)
    if not layout.plan.exists():
        return {s.name for s in steps}
    context = Context(
        machine=prepared.machine,
        plan=prepared.plan,
        wishes=prepared.wishes,
        site=layout,
        ledger=Ledger(layout.ledger),
        recipes=paths.recipes_folder(),
    )
    return {s.name for s in steps if not s.check(context)}


@contextlib.contextmanager
def ready(
    checked: Checked,
    machine: Machine,
    site: str,
    *,
    paths_only: bool,
    dry_run: bool = False,
) -> Iterator[Prepared]:
    """Yield the site as planned from the bundle's own lock, wheels and weights.

    `paths_only`: of a bundle that is not cut the lock is enough, where nothing is installed.
    `dry_run`: as of `prepare`.

    Raises:
        SetupError: as `target_of` and `prepare`.
    """
    manifest = checked.manifest
    target = target_of(manifest, machine)
    some = needed(target, packages=not paths_only, weights=not paths_only)
    wanted = [manifest.item(p) for p in some]
    scratch = paths.cache_folder() / "bundle" / target.id
    try:
        root = cut.whole(checked.folders, wanted, scratch).absolute()
        wishes = _wishes(manifest, target, root, site)
        if target.conda:
            wishes = _with_channel(wishes, scratch)
        if target.conda and not paths_only:
            conda.channel(root, target, scratch)
            conda.unpack_maker(root, target.tools)
        yield prepare(wishes, machine=replace(machine, sources=()), dry_run=dry_run)
    finally:
        cache = paths.cache_folder()
        removal.tidy(scratch, under=cache, proof=called(scratch, folders=True))
        removal.prune(scratch.parent, under=cache)


def _wishes(manifest: Manifest, target: Target, root: Path, site: str) -> Wishes:
    weights = manifest.wishes.weights_source
    if target.model != CANARY and target.weights:
        # weights/OWNER/NAME/…
        weights = str(root.joinpath(*Path(target.weights[0]).parts[:3]))
    return replace(
        manifest.wishes,
        model=target.model,
        site=site,
        env="",
        weights="",
        python=target.python,
        lock=str(root / target.lock),
        wheelhouse=str(root / "wheels"),
        weights_source=weights,
        backend=_backend(target),
        offline=True,
    )


def _backend(target: Target) -> Backend:
    return cast(Backend, target.backend) if target.conda else "uv"


def _with_channel(wishes: Wishes, scratch: Path) -> Wishes:
    """Take conda packages from the bundle's own channel, wherever they were to come from."""
    wish = mirror_wish.parse(wishes.mirror, {m.name for m in mirrors.load()})
    addresses = {**wish.addresses, "conda": conda.place(scratch).as_uri()}
    parts = [wish.region, wish.name, *(f"{leg}={url}" for leg, url in addresses.items())]
    return replace(wishes, mirror=" ".join(filter(None, parts)))
