"""The environment step: built aside, checked, renamed; repaired in place when it drifted."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from setup_assistant.catalog import drivers
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.target_platform import host_of
from setup_assistant.errors import SetupError
from setup_assistant.host import clock, durable, files, paths, removal
from setup_assistant.host.prefix import emptied, normal_name, packages, python_in
from setup_assistant.messages import Message, msg
from setup_assistant.site import mirror_settings
from setup_assistant.site.write import conda_files
from setup_assistant.steps import adopt, by_hand, environment_preflight, next_source, swap
from setup_assistant.steps.backends.base import Backend, Job
from setup_assistant.steps.environment_preflight import MARKER, SCHEMA, read_marker
from setup_assistant.steps.ownership import Owner
from setup_assistant.steps.step import Context
from setup_assistant.versions import at_least, public

# Of this C library (manylinux_2_28) and newer, current releases have wheels.
_USUAL_GLIBC = "2.28"


class EnvironmentStep:
    """Makes the target environment with the plan's exact versions."""

    name = "environment"

    def __init__(self, also: Sequence[str] = (), found: tuple[by_hand.Departure, ...] = ()) -> None:
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
        _take_over(prefix, context)
        for path in (prefix, swap.part(prefix), swap.old(prefix)):
            context.ledger.made(self.name, path, "folder")
        context.ledger.made(self.name, paths.package_cache(), "cache")
        prefix.parent.mkdir(parents=True, exist_ok=True)
        remove = _owner(context).remove_unfinished
        found = self._found or by_hand.standing(prefix, planned(context.plan))
        also = list(self._also) or beside_pins(prefix, context.plan, keep=context.wishes.keep)
        with swap.building(prefix, remove, movable=backend.movable) as target:
            job = _job(context, target, scratch)
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
        job = _job(context, prefix, scratch)
        if wrong := adopt.differing(context, drifted(prefix, context.plan)):
            environment_preflight.check_space(context)
        adopt.take(context, prefix / MARKER, job, change=bool(wrong))
        _finish(context, prefix, adopt.ENGINE)

    def _repair(self, context: Context, backend: Backend, prefix: Path, scratch: Path) -> None:
        found = by_hand.departures(prefix, planned(context.plan))
        write_marker(prefix, context, backend.name, complete=False)
        _install(context, backend, _job(context, prefix, scratch))
        if back := by_hand.to_put_back(found):
            context.ledger.record(
                self.name, "done", put_back={d.name: [d.now, d.was] for d in back}
            )
        more = by_hand.added(found)
        left = {n: v for n, v in packages(prefix).items() if n not in more}
        _finish(context, prefix, backend.name, record=left)


def choose_backend(context: Context) -> Backend:
    """Return the engine that the plan names."""
    name = context.plan.backend
    if name == "uv":
        from setup_assistant.steps.backends.uv import Uv

        return Uv()
    if name == "rattler":
        from setup_assistant.steps.backends.rattler import Rattler

        return Rattler()
    if name == "pip":
        from setup_assistant.steps.backends.pip import Pip

        return Pip()
    from setup_assistant.steps.backends.conda import Conda

    for tool in context.machine.tools:
        if tool.name == name:
            return Conda(name, Path(tool.path))
    raise SetupError("backend_missing", backend=name)


def requirements_hash(context: Context) -> str:
    """Return what identifies the wanted set: requirements, Python version and a given lock."""
    text = context.site.requirements.read_text(encoding="utf-8")
    if context.wishes.lock:
        given = _given_lock(context)
        # Our copy stands for a file that is gone.
        source = given if given and given.exists() else context.site.packages_lock
        with contextlib.suppress(OSError):
            text += source.read_text(encoding="utf-8")
    return hashlib.sha256(f"{context.plan.python}\n{text}".encode()).hexdigest()


def planned(plan: Plan) -> dict[str, str]:
    """Return the planned packages by normalized name."""
    pins = (
        plan.torchvision,
        plan.transformers,
        plan.accelerate,
        plan.qwen_vl_utils,
        plan.modelscope,
        *plan.extra_packages,
    )
    found = {normal_name(p.name): p.version for p in pins}
    found["torch"] = plan.torch.version
    found[normal_name(plan.decoder.package)] = plan.decoder.version
    return found


def drifted(prefix: Path, plan: Plan) -> dict[str, str | None]:
    """Return the planned packages whose installed version differs, with that version."""
    present = packages(prefix)
    return {
        name: present.get(name)
        for name, version in planned(plan).items()
        if public(present.get(name, "")) != public(version)
    }


def beside_pins(folder: Path, plan: Plan, *, keep: bool) -> list[str]:
    """Return requirements for what a person has added to an environment of ours.

    With `keep`, also for what was changed in it and no plan names.
    """
    found = by_hand.standing(folder, planned(plan))
    own = {n: v for n, v in by_hand.changed(found).items() if n not in planned(plan)}
    return by_hand.pins(folder, by_hand.added(found) | (own if keep else {}))


def write_marker(
    prefix: Path,
    context: Context,
    engine: str,
    *,
    complete: bool,
    record: Mapping[str, str] | None = None,
    kept: Mapping[str, str | None] | None = None,
) -> None:
    """Write our record: which set was asked for, for which site, and whether it is all in.

    `record` are the packages as they are left; without it, those of the record before stay.
    """
    home = context.ledger.home()
    left = record if record is not None else by_hand.recorded_packages(prefix)
    files.write_json(
        prefix / MARKER,
        {
            "schema": SCHEMA,
            "engine": engine,
            "python": context.plan.python,
            "requirements": requirements_hash(context),
            "site": str(context.ledger.root),
            "site_id": home.id if home else "",
            "complete": complete,
            "written": clock.now(),
            **({"packages": dict(sorted(left.items()))} if left is not None else {}),
            **({"kept": dict(sorted(kept.items()))} if kept else {}),
        },
    )


def _install(context: Context, backend: Backend, job: Job) -> None:
    """Install, and once more what a power cut emptied in the cache of packages."""
    next_source.install(job, context.plan, context.ledger, backend.install)
    if torn := emptied(job.prefix):
        from setup_assistant.steps.backends import uv

        names = ", ".join(uv.forget(job, torn))
        job.tell.detail(str(msg("Empty files, installed again: {names}", names=names)))
        next_source.install(job, context.plan, context.ledger, backend.install)


def _take_over(prefix: Path, context: Context) -> None:
    """Let an environment of a site that is gone be this one's, so that it may be replaced."""
    marker, home = read_marker(prefix), context.ledger.home()
    ours = {"site": str(context.ledger.root), "site_id": home.id if home else ""}
    other = marker.get("site") != ours["site"] or marker.get("site_id", "") != ours["site_id"]
    if marker and other:
        files.write_json(prefix / MARKER, {**marker, **ours})


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
    kept = {d.name: d.now for d in found}
    context.ledger.record("environment", "done", kept={d.name: [d.was, d.now] for d in found})
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
    found: tuple[by_hand.Departure, ...] = (),
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
    kept = {d.name: d.now for d in stays if now.get(d.name) == d.now}
    write_marker(prefix, context, engine, complete=True, record=left, kept=kept)
    for path, text in conda_files(context.plan, context.site).items():
        files.write_text(path, text)


def _job(context: Context, prefix: Path, scratch: Path) -> Job:
    return Job(
        prefix=prefix,
        python=context.plan.python,
        conda_channel=context.plan.sources.conda,
        environment_yml=context.site.environment_yml,
        requirements=context.site.requirements,
        lock=context.site.packages_lock,
        given_lock=_given_lock(context),
        offline=context.wishes.offline,
        wheelhouse=_wheelhouse(context),
        scratch=scratch,
        expected_bytes=context.plan.sizes.packages_installed_bytes,
        tell=context.tell,
        platform=host_of(context.machine, drivers.load()).platform,
        left_out=context.plan.sources.left_out,
        only_wheels=_old_libc(context.plan),
        called=context.ledger.root.name,
    )


def _old_libc(plan: Plan) -> bool:
    """Whether the newest releases have no wheels for this C library, only sources to compile.

    Not with quantized weights: their kernels come as sources for some pairs.
    """
    glibc = plan.platform.glibc
    return bool(glibc) and not at_least(glibc, _USUAL_GLIBC) and plan.model.quantization == "none"


def _given_lock(context: Context) -> Path | None:
    return Path(context.wishes.lock).expanduser().absolute() if context.wishes.lock else None


def _wheelhouse(context: Context) -> Path | None:
    if not context.wishes.wheelhouse:
        return None
    folder = Path(context.wishes.wheelhouse).expanduser().absolute()
    if not folder.is_dir():
        raise SetupError("file_missing", path=str(folder), flag="--wheelhouse")
    return folder


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
