"""rattler: a real conda environment on a machine without conda.

py-rattler is an optional part of this tool (the extra `conda`, 80 MB). It is installed into the
tool's own environment the first time it is asked for, and runs as a process of its own.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from setup_assistant.errors import SetupError
from setup_assistant.host import caches, conda, files, lenient, log, paths, removal, run
from setup_assistant.host.pip_settings import uv_environment
from setup_assistant.host.removal_proofs import called
from setup_assistant.messages import msg
from setup_assistant.site.environment_yml import conda_specs, variables
from setup_assistant.steps.backends import uv
from setup_assistant.steps.backends.base import Job, suited_to_conda

# The same as the extra `conda` in pyproject.toml, which a test compares.
REQUIREMENT = "py-rattler>=0.28,<1"
_CHILD = Path(__file__).parent / "link_conda.py"
_LINK_SECONDS = 3600.0


class Rattler:
    """Makes conda environments with py-rattler. In place: they carry their prefix in files."""

    name = "rattler"
    movable = False

    def create(self, job: Job) -> None:
        """Solve and link what `environment.yml` takes from its channel; record it as conda does.

        Raises:
            SetupError: `rattler_missing`, `packages_unreachable`, `disk_filled` or
                `environment_failed` with what the solver said.
        """
        suited_to_conda(job.prefix)
        require(job)
        specs = list(conda_specs(job.environment_yml))
        heard = _Heard(job)
        fresh = not job.prefix.exists()
        request = {
            "channel": job.conda_channel,
            "specs": specs,
            "prefix": str(job.prefix),
            "cache": str(caches.begin(paths.conda_cache())),
            "offline": job.offline,
        }
        outcome = engine(request, job.scratch, heard.line, job.tell.detail)
        if not heard.linked:
            error = _explain(heard, outcome, job)
            if fresh:
                # The cache keeps what arrived; half an environment only takes up room.
                ours = called(job.prefix, folders=True)
                removal.tidy(job.prefix, under=job.prefix.parent, proof=ours)
            raise error
        conda.write_history(job.prefix, "py-rattler", heard.packages, specs)
        conda.write_variables(job.prefix, variables(job.environment_yml))
        conda.close_user_site(job.prefix)
        conda.register(job.prefix)

    def install(self, job: Job) -> None:
        """Install the packages with uv, so that every engine yields the same set."""
        uv.install(job)


def engine(
    request: dict[str, Any],
    scratch: Path,
    on_out: Callable[[str], None],
    on_err: Callable[[str], None],
) -> run.Outcome:
    """Let py-rattler do what a request asks (see `link_conda`), in a process of its own."""
    # -I: nothing of the working folder or of the person's variables is imported.
    return run.run(
        [sys.executable, "-I", _CHILD],
        deadline=_LINK_SECONDS,
        cwd=scratch,
        env=environment(scratch),
        stdin=json.dumps({**request, "library": str(_library() or "")}),
        on_out=on_out,
        on_err=on_err,
    )


def available() -> bool:
    """Whether py-rattler is installed beside this tool, or was brought along."""
    return importlib.util.find_spec("rattler") is not None or _library() is not None


def library_folder() -> Path:
    """Return where a py-rattler that was brought along lies, one folder a wheel."""
    return paths.cache_folder() / "rattler"


def _library() -> Path | None:
    if importlib.util.find_spec("rattler") is not None:
        return None
    found = sorted(library_folder().glob("[!.]*/rattler/__init__.py"))
    return found[-1].parent.parent if found else None


def require(job: Job) -> None:
    """Install py-rattler into this tool's own environment, unless it is there.

    Raises:
        SetupError: `rattler_missing` with the command that installs it by hand.
    """
    text = msg("Installing py-rattler into Setup Assistant's environment")
    install_here(
        job.scratch, lambda: job.tell.progress(0, None, text), job.tell.detail, offline=job.offline
    )


def install_here(
    scratch: Path,
    begin: Callable[[], None],
    detail: Callable[[str], None] = log.debug,
    *,
    offline: bool = False,
) -> None:
    """Install py-rattler into this tool's own environment, unless it is there.

    Raises:
        SetupError: `rattler_missing` with the command that installs it by hand.
    """
    if available():
        return
    command = [sys.executable, "-m", "pip", "install", REQUIREMENT]
    by_hand = shlex.join(command)
    if sys.prefix == sys.base_prefix:
        # A system's own Python is not ours to change.
        raise SetupError("rattler_missing", detail=sys.prefix, command=by_hand)
    begin()
    outcome = run.run(
        [uv.uv_program(), "pip", "install", "--no-progress", "--python", sys.executable,
         "--require-hashes", "-r", paths.lock_file("conda")],
        deadline=_LINK_SECONDS,
        env=uv.environment(scratch, offline=offline),
        on_err=detail,
    )  # fmt: skip
    importlib.invalidate_caches()
    if not outcome.ok or not available():
        raise SetupError("rattler_missing", detail=outcome.last_words(), command=by_hand)


def environment(scratch: Path) -> dict[str, str]:
    """Return the child's variables: the proxies and certificates of pip, else of conda."""
    env = run.clean_environment({**_conda_web(), **_web(uv_environment(dict(os.environ)))})
    env["TMPDIR"] = str(scratch)
    return env


def _web(variables: dict[str, str]) -> dict[str, str]:
    names = ("HTTP_PROXY", "HTTPS_PROXY", "SSL_CERT_FILE")
    return {n: variables[n] for n in names if n in variables}


def _conda_web() -> dict[str, str]:
    """Return the proxies and the certificate file of conda's settings, where no variable is set."""
    said = conda.settings()
    proxies = said.get("proxy_servers")
    found = {}
    if isinstance(proxies, dict):
        for scheme in ("http", "https"):
            name = f"{scheme}_proxy"
            if scheme in proxies and not (os.environ.get(name) or os.environ.get(name.upper())):
                found[name.upper()] = str(proxies[scheme])
    certificate = said.get("ssl_verify")
    own = os.environ.get("SSL_CERT_FILE")
    if not own and isinstance(certificate, str) and Path(certificate).is_file():
        found["SSL_CERT_FILE"] = certificate
    return found


@dataclass
class _Heard:
    """What the child has said."""

    job: Job
    linked: bool = False
    packages: list[str] = field(default_factory=list)
    failure: dict[str, Any] = field(default_factory=dict)

    def line(self, text: str) -> None:
        said = lenient.parsed(text)
        event = said.get("event")
        if event is None:
            log.debug("not a line of the engine: %s", text)
        elif event == "virtual":
            self.job.tell.detail("virtual packages: " + ", ".join(said["packages"]))
        elif event == "solved":
            self.packages = [_recorded(p) for p in said["packages"]]
            for package in self.packages:
                self.job.tell.detail(package)
        elif event == "progress":
            done, total = said["done"], said["total"]
            self.job.tell.progress(done, total, msg("Fetching conda packages"))
        elif event == "linked":
            self.linked = True
        elif event == "failed":
            self.failure = said


def _recorded(row: dict[str, Any]) -> str:
    """Return a package as conda's history names it: `channel/subdir::name-version-build`."""
    folder = str(row["url"]).rsplit("/", 1)[0]
    return f"{folder}::{row['name']}-{row['version']}-{row['build']}"


def _explain(heard: _Heard, outcome: run.Outcome, job: Job) -> SetupError:
    detail = str(heard.failure.get("detail") or outcome.last_words())
    why = heard.failure.get("why")
    if why == "space":
        fullest = min((job.prefix, paths.conda_cache()), key=files.free_bytes)
        return SetupError("disk_filled", path=str(fullest))
    if why == "permission":
        cache = str(paths.conda_cache())
        flag = "SETUP_ASSISTANT_CACHE"
        return SetupError("not_writable", path=cache, detail=detail, flag=flag)
    if why == "network":
        return SetupError("packages_unreachable", detail=detail)
    return SetupError("environment_failed", engine="rattler", detail=detail)
