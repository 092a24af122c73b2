"""The environment step: built aside, checked, renamed; repaired in place when it drifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import durable, files, paths, removal
from setup_assistant.host.prefix import Change, emptied, packages, python_in
from setup_assistant.messages import Message, msg
from setup_assistant.site import mirror_settings
from setup_assistant.site.write import conda_files
from setup_assistant.steps import adopt, by_hand, environment_preflight, install_job, swap
from setup_assistant.steps.backends.base import Backend, Job
from setup_assistant.steps.environment_preflight import MARKER, read_marker
from setup_assistant.steps.environment_record import (
    beside_pins,
    drifted,
    planned,
    requirements_hash,
    take_over,
    write_marker,
)
from setup_assistant.steps.install_job import choose_backend, job_of
from setup_assistant.steps.ownership import Owner
from setup_assistant.steps.step import Context


class EnvironmentStep:
    """Makes the target environment with the plan's exact versions."""

    name = "environment"

    def __init__(self, also: Sequence[str] = (), found: tuple[Change, ...] = ()) -> None:
        """Set what is installed besides the plan, and what was changed in the one it replaces."""
        self._also, self._found = tuple(also), found

    def title(self, context: Context) -> Message:
        """Name the engine and the largest package."""
        return msg(
            "Environment: torch {torch} ({build}) with {backend}",
            torch=context.plan.torch.version,
            build=context.plan.torch.build,
            backend=context.plan.backend,
        )

    def check(self, context: Context) -> bool:
        """Whether our environment is there with every planned version in it."""
        prefix = context.site.env
        marker = read_marker(prefix)
        return (
            marker.get("requirements") == requirements_hash(context)
            and marker.get("complete") is True
            and python_in(prefix).exists()
            and _is_settled(context)
            and not (context.wishes.keep_mirror and mirror_settings.missing(prefix, context.plan))
            and not environment_preflight.leftovers(context)
        )

    def do(self, context: Context) -> None:
        """Build it, or mend what is there.

        Raises:
            SetupError: `environment_foreign` where something else lies at the prefix,
                `no_space`, or what the engine reports.
        """
        prefix = context.site.env
        backend = choose_backend(context)
        environment_preflight.check_cache()
        context.ledger.made_above(self.name, prefix)
        with environment_preflight.lock(context), _scratch(context) as scratch:
            marker = read_marker(prefix)
            if environment_preflight.leftovers(context):
                whole = marker.get("complete") is True
                if not whole:
                    environment_preflight.wait_for_stragglers(prefix)
                swap.recover(prefix, _owner(context).remove_unfinished, whole=whole)
                marker = read_marker(prefix)
            if _is_theirs(context, marker, in_place=not backend.movable):
                self._adopt(context, prefix, scratch)
            elif marker.get("requirements") == requirements_hash(context) and _alive(prefix):
                if context.wishes.keep and marker.get("complete") is True:
                    _keep(context, prefix, backend.name)
                    return
                self._repair(context, backend, prefix, scratch)
            else:
                self._build(context, backend, prefix, scratch)

    def _build(self, context: Context, backend: Backend, prefix: Path, scratch: Path) -> None:
        environment_preflight.refuse_foreign(context, in_place=not backend.movable)
        environment_preflight.check_space(context)
        if read_marker(prefix).get("complete") is not True:
            environment_preflight.wait_for_stragglers(prefix, swap.part(prefix))
        take_over(prefix, context)
        for path in (prefix, swap.part(prefix), swap.old(prefix)):
            context.ledger.made(self.name, path, "folder")
        context.ledger.made(self.name, paths.package_cache(), "cache")
        prefix.parent.mkdir(parents=True, exist_ok=True)
        remove = _owner(context).remove_unfinished
        found = self._found or by_hand.standing(prefix, planned(context.plan))
        also = list(self._also) or beside_pins(prefix, context.plan, keep=context.wishes.keep)
        with swap.building(prefix, remove, movable=backend.movable) as target:
            job = job_of(context, target, scratch)
            backend.create(job)
            write_marker(target, context, backend.name, complete=False)
            _install(context, backend, job)
            present = packages(target)
            _bring_along(context, job, also)
            _finish(context, target, backend.name, record=present, found=found)
            if became := by_hand.outcome(found, packages(target)):
                context.ledger.record(self.name, "done", **became)

    def _adopt(self, context: Context, prefix: Path, scratch: Path) -> None:
        """Take over what somebody else made; its packages change only with consent."""
        job = job_of(context, prefix, scratch)
        if wrong := adopt.differing(context, drifted(prefix, context.plan)):
            environment_preflight.check_space(context)
        adopt.take(context, prefix / MARKER, job, wrong)
        _finish(context, prefix, adopt.ENGINE)

    def _repair(self, context: Context, backend: Backend, prefix: Path, scratch: Path) -> None:
        found = by_hand.departures(prefix, planned(context.plan))
        if back := {d.name: [d.new, d.old] for d in by_hand.to_put_back(found)}:
            context.ledger.record(self.name, "started", put_back=back)
        write_marker(prefix, context, backend.name, complete=False)
        _install(context, backend, job_of(context, prefix, scratch))
        if back := context.ledger.begun("put_back"):
            context.ledger.record(self.name, "done", put_back=back)
        more = by_hand.added(found)
        left = {n: v for n, v in packages(prefix).items() if n not in more}
        _finish(context, prefix, backend.name, record=left)


def _install(context: Context, backend: Backend, job: Job) -> None:
    """Install, and once more what a power cut emptied in the cache of packages."""
    install_job.install_from(job, context.plan, context.ledger, backend.install)
    if torn := emptied(job.prefix):
        from setup_assistant.steps.backends import uv

        names = ", ".join(uv.forget(job, torn))
        job.tell.detail(str(msg("Empty files, installed again: {names}", names=names)))
        install_job.install_from(job, context.plan, context.ledger, backend.install)


def _is_settled(context: Context) -> bool:
    """Whether nothing was changed by hand, or that was decided to be kept."""
    folder = context.site.env
    if read_marker(folder).get("engine") == adopt.ENGINE:
        return not drifted(folder, context.plan)
    found = by_hand.departures(folder, planned(context.plan))
    if context.wishes.keep:
        return not by_hand.undecided(folder, planned(context.plan))
    return not by_hand.to_put_back(found) and not drifted(folder, context.plan)


def _keep(context: Context, prefix: Path, engine: str) -> None:
    """Record that what was changed by hand stays."""
    found = by_hand.standing(prefix, planned(context.plan))
    kept = {d.name: d.new for d in found}
    context.ledger.record("environment", "done", kept={d.name: [d.old, d.new] for d in found})
    write_marker(prefix, context, engine, complete=True, kept=kept)


def _bring_along(context: Context, job: Job, also: Sequence[str]) -> None:
    """Install what was added by hand to the environment before, where it goes with the plan."""
    from setup_assistant.steps.backends import uv

    done, lost = uv.install_beside(job, also)
    if done or lost:
        context.ledger.record("environment", "done", installed_again=done, lost=lost)
    for pin in lost:
        context.tell.result(msg("{name}: not installed again", name=pin), False)


def _finish(
    context: Context,
    prefix: Path,
    engine: str,
    *,
    record: Mapping[str, str] | None = None,
    found: tuple[Change, ...] = (),
) -> None:
    wrong = drifted(prefix, context.plan)
    if wrong:
        names = ", ".join(f"{k} {v or '-'}" for k, v in sorted(wrong.items()))
        raise SetupError("install_incomplete", detail=names)
    if context.wishes.keep_mirror:
        mirror_settings.write_into(prefix, context.plan)
    # The marker may not be on the disk before what it speaks of.
    context.tell.progress(0, None, msg("Writing the environment to the disk"))
    durable.sync_disk(prefix)
    now = packages(prefix)
    left = record if record is not None else now
    stays = (*by_hand.compared(left, now), *found) if context.wishes.keep else ()
    kept = {d.name: d.new for d in stays if now.get(d.name) == d.new}
    write_marker(prefix, context, engine, complete=True, record=left, kept=kept)
    for path, text in conda_files(context.plan, context.site).items():
        files.write_text(path, text)


def _scratch(context: Context) -> AbstractContextManager[Path]:
    """Give children a temporary folder on the site's own disk, gone afterwards."""
    return removal.scratch(context.site.work, under=context.site.root)


def _owner(context: Context) -> Owner:
    return Owner(context.site, context.ledger)


def _is_theirs(context: Context, marker: dict[str, object], *, in_place: bool) -> bool:
    """Whether a whole environment is there that somebody else made, adopted or not."""
    if marker:
        return marker.get("engine") == adopt.ENGINE
    prefix = context.site.env
    half_made = in_place and str(prefix) in environment_preflight.made(context)
    return adopt.is_foreign(prefix) and not half_made


def _alive(prefix: Path) -> bool:
    from setup_assistant.host import run

    return run.run([python_in(prefix), "-I", "-c", "pass"], deadline=30).ok
