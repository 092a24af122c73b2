"""What an engine is given to install, which engine it is, and the next source where one fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from setup_assistant.catalog import drivers
from setup_assistant.choose.plan import Fallback, Plan
from setup_assistant.choose.target_platform import host_of
from setup_assistant.errors import SetupError
from setup_assistant.host import files
from setup_assistant.messages import msg
from setup_assistant.steps.backends.base import Backend, Job
from setup_assistant.steps.environment_record import given_lock
from setup_assistant.steps.ledger import Ledger
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


# What a source that died, or answers with errors, ends in.
_OF_SOURCES = frozenset({"packages_unreachable", "wheel_missing"})
_URL = re.compile(r"https?://[^\s`'\"),]+")
_OPTIONS = {
    "packages": ("--index-url",),
    "torch": ("--extra-index-url", "--find-links"),
}


def install_from(job: Job, plan: Plan, ledger: Ledger, put: Callable[[Job], None]) -> None:
    """Install; where a source fails, say so and install from the next one of its leg.

    Raises:
        SetupError: what the first source failed with, where no other is left.
    """
    here = _sources(plan)
    left = list(plan.sources.fallbacks)
    first: SetupError | None = None
    while True:
        try:
            return put(job)
        except SetupError as error:
            first = first or error
            fallback = None if _bound(job) else following(error, here, left)
            if error.code not in _OF_SOURCES or fallback is None:
                raise first from None
        left.remove(fallback)
        job = moved(job, here[fallback.leg], fallback)
        ledger.record(
            "environment", "source", leg=fallback.leg, failed=here[fallback.leg], url=fallback.url
        )
        text = msg("{old} failed; going on with {new}.", old=here[fallback.leg], new=fallback.url)
        job.tell.result(text, ok=True)
        here[fallback.leg] = fallback.url


def _bound(job: Job) -> bool:
    """Whether the person has said where the packages come from, file by file."""
    return bool(job.given_lock or job.offline or job.wheelhouse)


def following(error: SetupError, here: dict[str, str], left: Sequence[Fallback]) -> Fallback | None:
    """Return the source to go on with: of the leg whose server the failure names."""
    legs = _failed(error, here)
    return next((f for f in left if f.leg in legs), None) or next(iter(left), None)


def _failed(error: SetupError, here: dict[str, str]) -> list[str]:
    words = str(error)
    failed = {urlsplit(u).netloc for u in _URL.findall(words)}
    legs = [leg for leg, url in here.items() if urlsplit(url).netloc in failed]
    if len(legs) != 1:
        # Wheels may lie on another host than their index: the package tells the leg.
        legs = ["torch" if re.search(r"\b(?:torch|nvidia|triton)", words) else "packages"]
    return legs


def torch_failed(error: SetupError, plan: Plan) -> bool:
    """Whether installing ended because the source of the torch wheels failed."""
    return error.code in _OF_SOURCES and _failed(error, _sources(plan)) == ["torch"]


def _sources(plan: Plan) -> dict[str, str]:
    return {
        "packages": plan.sources.packages,
        "torch": plan.torch.find_links or plan.torch.index_url,
    }


def moved(job: Job, old: str, fallback: Fallback) -> Job:
    """Return the job with the lines of its requirements that name a source naming another."""
    option = _option(fallback)
    lines = []
    for line in files.plain(job.requirements).read_text(encoding="utf-8").splitlines():
        name, _blank, url = line.partition(" ")
        same = name in _OPTIONS[fallback.leg] and url.rstrip("/") == old.rstrip("/")
        lines.append(f"{option} {fallback.url}" if same else line)
    path = job.scratch / "requirements.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return replace(job, requirements=path)


def _option(fallback: Fallback) -> str:
    if fallback.leg == "packages":
        return "--index-url"
    return "--find-links" if fallback.form == "find-links" else "--extra-index-url"
