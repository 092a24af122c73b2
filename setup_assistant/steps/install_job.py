"""What an engine is given to install, and which engine it is."""

from __future__ import annotations

from pathlib import Path

from setup_assistant.catalog import drivers
from setup_assistant.choose.plan import Plan
from setup_assistant.choose.target_platform import host_of
from setup_assistant.errors import SetupError
from setup_assistant.steps.backends.base import Backend, Job
from setup_assistant.steps.environment_record import given_lock
from setup_assistant.steps.step import Context
from setup_assistant.versions import at_least

# Of this C library (manylinux_2_28) and newer, current releases have wheels.
_USUAL_GLIBC = "2.28"


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


def job_of(context: Context, prefix: Path, scratch: Path) -> Job:
    """Return what the engine installs into `prefix`."""
    return Job(
        prefix=prefix,
        python=context.plan.python,
        conda_channel=context.plan.sources.conda,
        environment_yml=context.site.environment_yml,
        requirements=context.site.requirements,
        lock=context.site.packages_lock,
        given_lock=given_lock(context),
        offline=context.wishes.offline,
        wheelhouse=_wheelhouse(context),
        scratch=scratch,
        expected_bytes=context.plan.sizes.packages_installed_bytes,
        tell=context.tell,
        platform=host_of(context.machine, drivers.load()).platform,
        left_out=context.plan.sources.left_out,
        only_wheels=old_libc(context.plan),
        called=context.ledger.root.name,
    )


def old_libc(plan: Plan) -> bool:
    """Whether the newest releases have no wheels for this C library, only sources to compile.

    Not with quantized weights: their kernels come as sources for some pairs.
    """
    glibc = plan.platform.glibc
    return bool(glibc) and not at_least(glibc, _USUAL_GLIBC) and plan.model.quantization == "none"


def _wheelhouse(context: Context) -> Path | None:
    if not context.wishes.wheelhouse:
        return None
    folder = Path(context.wishes.wheelhouse).expanduser().absolute()
    if not folder.is_dir():
        raise SetupError("file_missing", path=str(folder), flag="--wheelhouse")
    return folder
