"""conda, mamba and micromamba: Python from conda-forge, packages through uv."""

from __future__ import annotations

import json
from pathlib import Path

from setup_assistant.errors import SetupError
from setup_assistant.host import conda, run
from setup_assistant.site.environment_yml import conda_specs, variables
from setup_assistant.steps.backends import uv
from setup_assistant.steps.backends.base import Job, suited_to_conda

_CREATE_SECONDS = 1800.0
# conda's names of errors, and words of mamba and micromamba, that mean the network.
_NETWORK = (
    "CondaHTTPError", "CondaConnectionError", "CondaSSLError", "ProxyError",
    "UnavailableInvalidChannel", "OfflineError", "NoConnectionError", "ChecksumMismatchError",
)  # fmt: skip
_NETWORK_WORDS = (
    "connection failed", "could not resolve host", "couldn't connect", "failed to connect",
    "download error", "failed to download", "unable to retrieve repodata", "timed out",
    "subdir not found", "http error", "multi-download failed",
)  # fmt: skip


class Conda:
    """One of the conda family, found on this machine.

    Its environments carry their prefix in their files, so they are made in place: in a fresh
    prefix, marked unfinished until the packages are in.
    """

    movable = False

    def __init__(self, name: str, program: Path) -> None:
        self.name = name
        self._program = program

    def create(self, job: Job) -> None:
        """Make an environment with what `environment.yml` takes from conda-forge alone.

        `--override-channels` keeps the person's default channels out, whose terms of service
        would stop a non-interactive run; `nodefaults` is not used, since conda 26.7 takes it
        for a channel. conda's own `env create` is not used either: it replaces an environment of
        the same name without asking.

        Raises:
            SetupError: `environment_foreign` where an environment is there already, `conda_terms`,
                `packages_unreachable`, `disk_filled` or `environment_failed`.
        """
        suited_to_conda(job.prefix)
        if (job.prefix / "conda-meta").exists():
            # With --yes, conda would remove it.
            raise SetupError("environment_foreign", path=str(job.prefix))
        outcome = run.run(
            self.command(job),
            deadline=_CREATE_SECONDS,
            # Not where the person is: a json.py there would be imported by a conda run as a module.
            cwd=job.scratch,
            env=run.clean_environment({"TMPDIR": str(job.scratch)}),
            on_out=job.tell.detail,
            on_err=job.tell.detail,
        )
        if not outcome.ok:
            raise explain(outcome, self.name, job.prefix)
        conda.write_variables(job.prefix, variables(job.environment_yml))
        conda.close_user_site(job.prefix)
        conda.register(job.prefix)

    def command(self, job: Job) -> list[str | Path]:
        """Return the command line; only conda knows default packages that would come along."""
        own = ["--json", "--no-default-packages"] if self.name == "conda" else []
        # A channel in a folder needs no network; offline, mamba looks into its cache of indexes
        # only (mamba-org/mamba#1197).
        offline = job.offline and not job.conda_channel.startswith("file:")
        return [
            self._program, "create", "--yes", "--quiet", *own,
            *(["--offline"] if offline else []),
            "--prefix", job.prefix, "--override-channels", "--channel", job.conda_channel,
            *conda_specs(job.environment_yml),
        ]  # fmt: skip

    def install(self, job: Job) -> None:
        """Install the packages with uv, so that every engine yields the same set."""
        uv.install(job)


def explain(outcome: run.Outcome, engine: str, prefix: Path) -> SetupError:
    """Return the error behind what conda, mamba or micromamba said last."""
    said = _json(outcome.out)
    name = str(said.get("exception_name") or "")
    words = str(said.get("message") or said.get("error") or "") or outcome.last_words()
    detail = " / ".join(line.strip() for line in words.splitlines() if line.strip())[:2000]
    lowered = f"{name} {detail}".lower()
    if name == "NoSpaceLeftError" or "no space left" in lowered:
        return SetupError("disk_filled", path=str(prefix))
    if "tos" in name.lower() or "terms of service" in lowered:
        return SetupError("conda_terms", engine=engine, detail=detail)
    if name in _NETWORK or any(sign in lowered for sign in _NETWORK_WORDS):
        return SetupError("packages_unreachable", detail=detail)
    return SetupError("environment_failed", engine=engine, detail=detail)


def _json(text: str) -> dict[str, object]:
    """Return the last object in conda's output; warnings and what went well stand before it.

    Of several errors at once it is the first.
    """
    said: dict[str, object] = {}
    start = text.find("{")
    while start >= 0:
        try:
            value, end = json.JSONDecoder().raw_decode(text, start)
        except ValueError:
            end = start + 1
        else:
            said = value
        start = text.find("{", end)
    several = said.get("errors")
    first = several[0] if isinstance(several, list) and several else None
    return first if isinstance(first, dict) else said
