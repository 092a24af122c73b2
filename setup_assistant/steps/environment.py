"""The environment step: built aside, checked, renamed; repaired in place when it drifted."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from setup_assistant.choose.plan import Plan
from setup_assistant.errors import SetupError
from setup_assistant.host import clock, files, paths
from setup_assistant.host.prefix import normal_name, packages
from setup_assistant.site.layout import python_in
from setup_assistant.sizes import size_text
from setup_assistant.steps.backends.base import Backend, Job
from setup_assistant.steps.step import Context
from setup_assistant.words import Message, msg

MARKER = ".setup-assistant.json"


class EnvironmentStep:
    """Makes the target environment with the plan's exact versions."""

    name = "environment"

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
            and not drifted(prefix, context.plan)
        )

    def do(self, context: Context) -> None:
        """Build it, or mend what is there.

        Raises:
            SetupError: `environment_foreign` where something else lies at the prefix,
                `no_space`, or what the engine reports.
        """
        prefix = context.site.env
        backend = choose_backend(context)
        with _scratch(context) as scratch:
            if _is_ours(prefix) and _alive(prefix):
                self._repair(context, backend, prefix, scratch)
            else:
                self._build(context, backend, prefix, scratch)

    def _build(self, context: Context, backend: Backend, prefix: Path, scratch: Path) -> None:
        if prefix.exists() and any(prefix.iterdir()) and not _may_replace(context, prefix):
            raise SetupError("environment_foreign", path=str(prefix))
        _check_space(context)
        aside = prefix.with_name(prefix.name + ".part") if backend.movable else prefix
        context.ledger.made(self.name, prefix, "folder")
        context.ledger.made(self.name, aside, "folder")
        context.ledger.made(self.name, paths.package_cache(), "cache")
        for leftover in {aside, prefix}:
            # Ours by the ledger or the marker, checked above; left by a run that was killed.
            files.remove(leftover)
        aside.parent.mkdir(parents=True, exist_ok=True)
        job = _job(context, aside, scratch)
        backend.create(job)
        write_marker(aside, context, backend.name, complete=False)
        backend.install(job)
        _finish(context, aside, backend.name)
        if aside != prefix:
            aside.rename(prefix)

    def _repair(self, context: Context, backend: Backend, prefix: Path, scratch: Path) -> None:
        write_marker(prefix, context, backend.name, complete=False)
        backend.install(_job(context, prefix, scratch))
        _finish(context, prefix, backend.name)


def choose_backend(context: Context) -> Backend:
    """Return the engine that the plan names."""
    name = context.plan.backend
    if name == "uv":
        from setup_assistant.steps.backends.uv import Uv

        return Uv()
    if name == "pip":
        from setup_assistant.steps.backends.pip import Pip

        return Pip()
    from setup_assistant.steps.backends.conda import Conda

    for tool in context.machine.tools:
        if tool.name == name:
            return Conda(name, Path(tool.path))
    raise SetupError("backend_missing", backend=name)


def requirements_hash(context: Context) -> str:
    """Return what identifies the wanted set: the requirements and the Python version."""
    text = context.site.requirements.read_text(encoding="utf-8")
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
        if _public(present.get(name, "")) != _public(version)
    }


def read_marker(prefix: Path) -> dict[str, object]:
    """Return our record inside an environment; empty where there is none or it is damaged."""
    with contextlib.suppress(SetupError):
        value = files.read_json(prefix / MARKER)
        if isinstance(value, dict):
            return value
    return {}


def write_marker(prefix: Path, context: Context, engine: str, *, complete: bool) -> None:
    """Write our record: which set was asked for, and whether it is all in."""
    files.write_json(
        prefix / MARKER,
        {
            "schema": "setup-assistant/environment/1",
            "engine": engine,
            "python": context.plan.python,
            "requirements": requirements_hash(context),
            "complete": complete,
            "written": clock.now(),
        },
    )


def _finish(context: Context, prefix: Path, engine: str) -> None:
    wrong = drifted(prefix, context.plan)
    if wrong:
        names = ", ".join(f"{k} {v or '-'}" for k, v in sorted(wrong.items()))
        raise SetupError("install_incomplete", detail=names)
    write_marker(prefix, context, engine, complete=True)


def _job(context: Context, prefix: Path, scratch: Path) -> Job:
    return Job(
        prefix=prefix,
        python=context.plan.python,
        conda_channel=context.plan.sources.conda,
        requirements=context.site.requirements,
        lock=context.site.packages_lock,
        given_lock=_given_lock(context),
        offline=context.wishes.offline,
        scratch=scratch,
        expected_bytes=context.plan.sizes.packages_installed_bytes,
        tell=context.tell,
    )


def _given_lock(context: Context) -> Path | None:
    return Path(context.wishes.lock).expanduser().absolute() if context.wishes.lock else None


def _check_space(context: Context) -> None:
    """Refuse before anything is downloaded: uv keeps wheels unpacked and links them."""
    need = context.plan.sizes.packages_installed_bytes
    cache, env = paths.package_cache(), context.site.env
    same = files.nearest_existing(cache).stat().st_dev == files.nearest_existing(env).stat().st_dev
    already = files.folder_bytes(cache) if same else 0
    wanted = {env: max(0, need - already)} if same else {env: need, cache: need}
    for path, size in wanted.items():
        free = files.free_bytes(path)
        if free < size:
            raise SetupError(
                "no_space",
                path=str(files.nearest_existing(path)),
                free=size_text(free),
                need=size_text(size),
                flag="--site" if path == env else "SETUP_ASSISTANT_CACHE",
            )


@contextlib.contextmanager
def _scratch(context: Context) -> Iterator[Path]:
    """Give children a temporary folder on the site's own disk, gone afterwards."""
    folder = context.site.work
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _may_replace(context: Context, prefix: Path) -> bool:
    """Whether what lies there is ours: by its marker, or by the ledger (a killed `create`)."""
    made = {e.data.get("path") for e in context.ledger.entries() if e.event == "made"}
    return _is_ours(prefix) or str(prefix) in made


def _is_ours(prefix: Path) -> bool:
    return bool(read_marker(prefix))


def _alive(prefix: Path) -> bool:
    from setup_assistant.host import run

    return run.run([python_in(prefix), "-I", "-c", "pass"], deadline=30).ok


def _public(version: str) -> str:
    return version.partition("+")[0]
