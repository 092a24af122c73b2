"""Set up this machine from a bundle that was checked: the right target, and nothing online."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from setup_assistant.bundle import cut
from setup_assistant.bundle.contents import Manifest, Target
from setup_assistant.bundle.remote import Remote
from setup_assistant.bundle.targets import glibc_of, plan_key
from setup_assistant.bundle.verify import Checked
from setup_assistant.choose.candidates import CANARY
from setup_assistant.choose.versions import at_least
from setup_assistant.choose.wishes import Wishes
from setup_assistant.errors import SetupError
from setup_assistant.host import files, paths
from setup_assistant.machine.facts import Machine
from setup_assistant.steps.prepare import Prepared, make, prepare


def target_of(manifest: Manifest, machine: Machine) -> Target:
    """Return the target that is right for a machine: the plan it would have had online.

    Raises:
        SetupError: `bundle_unfit` where none is, and what planning says.
    """
    plan = make(replace(machine, sources=manifest.sources), manifest.wishes)
    key = plan_key(plan, machine)
    targets = manifest.targets
    fitting = [t for t in targets if _fits(t, machine) and t.key == key]
    if not fitting:
        have = "; ".join(sorted({_said(t.os, t.arch, t.python, t.glibc, t.key) for t in targets}))
        system = machine.system
        need = _said(system.os, system.arch, plan.python, glibc_of(machine), key)
        raise SetupError("bundle_unfit", need=need, have=have)
    # Free memory changes by the hour: a model that is not in the bundle cannot be used.
    return next((t for t in fitting if t.model == plan.model.id), fitting[0])


def _said(os: str, arch: str, python: str, glibc: str, key: str) -> str:
    """Return what tells kinds of machine apart, for people."""
    torch = next((w for w in key.split() if w.startswith("torch")), "torch")
    return f"{os} {arch}, glibc {glibc}, Python {python}, {torch}"


def _fits(target: Target, machine: Machine) -> bool:
    system = machine.system
    return (target.os, target.arch) == (system.os, system.arch) and (
        system.os != "Linux" or at_least(glibc_of(machine), target.glibc)
    )


def needed(target: Target, *, packages: bool = True, weights: bool = True) -> tuple[str, ...]:
    """Return the paths of what a target is set up from."""
    return (target.lock, *(target.wheels if packages else ()), *(target.weights if weights else ()))


@contextlib.contextmanager
def fetched(remote: Remote, signer: Path | None, machine: Machine, site: str) -> Iterator[Prepared]:
    """Yield the site as planned from a bundle at an address; what is done is not fetched again.

    Raises:
        SetupError: as `target_of` and `Remote.fetch`.
    """
    checked = remote.open(signer)
    manifest = checked.manifest
    target = target_of(manifest, machine)
    remote.fetch(manifest, needed(target, packages=False, weights=False))
    with ready(checked, machine, site, paths_only=True) as prepared:
        undone = _undone(prepared)
    wanted = needed(target, packages="environment" in undone, weights="weights" in undone)
    remote.fetch(manifest, wanted)
    with ready(checked, machine, site, paths_only=not undone) as prepared:
        yield prepared
    if not _undone(prepared):
        remote.forget()


def _undone(prepared: Prepared) -> set[str]:
    """Return the steps whose check does not pass yet."""
    from setup_assistant.steps.ledger import Ledger
    from setup_assistant.steps.road import standard_steps
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
    checked: Checked, machine: Machine, site: str, *, paths_only: bool = False
) -> Iterator[Prepared]:
    """Yield the site as planned from the bundle's own lock, wheels and weights.

    `paths_only`: of a bundle that is not cut the lock is enough, where nothing is installed.

    Raises:
        SetupError: as `target_of`.
    """
    manifest = checked.manifest
    target = target_of(manifest, machine)
    some = needed(target, packages=not paths_only, weights=not paths_only)
    wanted = [manifest.item(p) for p in some]
    scratch = paths.cache_folder() / "bundle" / target.id
    try:
        root = cut.whole(checked.folders, wanted, scratch).absolute()
        wishes = _wishes(manifest, target, root, site)
        yield prepare(wishes, machine=replace(machine, sources=()))
    finally:
        files.remove(scratch)
        with contextlib.suppress(OSError):
            scratch.parent.rmdir()


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
        backend="uv",
        offline=True,
    )
