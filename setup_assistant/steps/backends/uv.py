"""uv: the embedded default. It also installs the packages into every other environment."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from setup_assistant.errors import SetupError
from setup_assistant.host import caches, lenient, paths, pythons, removal, run, usage
from setup_assistant.host.pip_settings import uv_environment, without_choices
from setup_assistant.host.prefix import normal_name, packages, python_in
from setup_assistant.host.removal_proofs import Holds
from setup_assistant.machine.own_sources import uv_settings
from setup_assistant.messages import msg
from setup_assistant.steps.backends import lock
from setup_assistant.steps.backends.base import Job, failure, suited
from setup_assistant.steps.backends.indexes import in_order
from setup_assistant.steps.backends.uv_failure import explained, known_cause

_CREATE_SECONDS = 300.0


class Uv:
    """Makes movable environments with the uv that comes as a dependency."""

    name = "uv"
    movable = True

    def create(self, job: Job) -> None:
        """Make a relocatable environment; pip comes with the packages.

        Not by `--seed`: before Python 3.12 it adds wheel, which no conda environment has.
        """
        suited(job.prefix)
        python = interpreter(job.python)
        _quiet(job, "venv", "--relocatable", "--no-project", *job.prompt(), "--python", python,
               job.prefix)  # fmt: skip

    def install(self, job: Job) -> None:
        """Install the requirements, and pip, with live progress."""
        install(job, with_pip=True)


def install(job: Job, *, with_pip: bool = False) -> None:
    """Install what `job` asks for into `job.prefix`, whichever engine made it.

    The set is locked first, so that a rerun, a repair and another site get the same one, with
    its hashes compared.

    Raises:
        SetupError: `no_space`, `packages_unreachable`, `wheels_missing` or `install_failed`.
    """
    try:
        _install_locked(job, with_pip=with_pip)
    except SetupError as error:
        if job.wheelhouse is None:
            raise
        from setup_assistant.steps.backends import short_wheelhouse

        raise short_wheelhouse.explained(job, error) from error


def _install_locked(job: Job, *, with_pip: bool) -> None:
    wanted = lock.lock_for(job, _run)
    locked = wanted != job.requirements
    pip, hashed = lock.pip_for(job) if with_pip else (None, False)
    together = [f"--requirement={pip}"] if pip and hashed == locked else []
    _install(job, ["-r", wanted, *together], locked=locked)
    if pip and not together:
        with contextlib.suppress(SetupError):  # for people; the packages do without
            _quiet(job, "pip", "install", "--python", job.prefix, "-r", pip, *job.places())


def forget(job: Job, packages: list[Path]) -> list[str]:
    """Take packages out of the cache, and their metadata folders out of the environment.

    They are fetched and installed again by the next `install`; returns their names.
    """
    names = [p.name.removesuffix(".dist-info").partition("-")[0] for p in packages]
    _quiet(job, "cache", "clean", *names)
    for path in packages:
        # uv has just written it into an environment that is being made.
        removal.remove(path, under=job.prefix, proof=Holds(("INSTALLER",)))
    return names


def _install(job: Job, wanted: list[str | Path], *, locked: bool) -> None:
    command = ["pip", "install", "--no-progress", "--python", python_in(job.prefix),
               *(["--require-hashes"] if locked else []), *wanted, *job.places()]  # fmt: skip
    local = job.offline or job.wheelhouse
    if locked and not local:
        # The lock needs no index: where every wheel is cached, nobody has to be asked again.
        at_once = run.run([uv_program(), *command, "--offline"], deadline=None,
                          env=job_environment(job))  # fmt: skip
        if at_once.ok:
            return
    outcome = _run(job, command, _Watch(job))
    if not outcome.ok and local and len(wanted) > 2:
        # pip is for people: a cache or a wheelhouse without it is no reason to stop.
        job.tell.detail(outcome.last_words())
        outcome = _run(job, [x for x in command if x != wanted[-1]], _Watch(job))
    if not outcome.ok:
        raise explained(outcome, job.prefix)


def would_change(job: Job) -> dict[str, tuple[str | None, str | None]]:
    """Return what `install` would change: package → version before and after; empty if unknown."""
    held = job.prefix / ".lock"
    was_held = held.exists()
    wanted = lock.lock_for(job, _run)
    command: list[str | Path] = ["pip", "install", "--dry-run", "--python", python_in(job.prefix)]
    hashes = ["--require-hashes"] if wanted != job.requirements else []
    outcome = _run(job, [*command, *hashes, "-r", wanted, *job.places()])
    if not was_held:
        removal.drop(held, under=job.prefix)  # uv's own; nothing was to be changed
    lines = outcome.err.splitlines() if outcome.ok else []
    signs = {sign: dict(_versions(lines, sign)) for sign in "-+"}
    names = sorted({*signs["-"], *signs["+"]})
    return {n: (signs["-"].get(n), signs["+"].get(n)) for n in names}


def _versions(lines: Iterable[str], sign: str) -> Iterator[tuple[str, str]]:
    """Yield the packages of uv's lines such as ` + numpy==2.4.6`."""
    for line in lines:
        if found := re.match(rf"\s*{re.escape(sign)} ([\w.-]+)==(\S+)", line):
            yield normal_name(found[1]), found[2]


def install_beside(job: Job, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
    """Install requirements beside what is there, of which nothing else changes.

    Returns:
        Those that were installed, and those that do not go with it or are nowhere.
    """
    if not wanted:
        return [], []
    there = job.scratch / "there.txt"
    own = {normal_name(pin.partition("==")[0].partition(" @ ")[0]) for pin in wanted}
    found = sorted((n, v) for n, v in packages(job.prefix).items() if n not in own)
    there.write_text("".join(f"{n}=={v}\n" for n, v in found), encoding="utf-8")

    def install_some(some: Sequence[str]) -> bool:
        command: list[str | Path] = ["pip", "install", "--python", python_in(job.prefix)]
        return _run(job, [*command, *some, "--constraint", there, *job.places()]).ok

    if install_some(wanted):
        return list(wanted), []
    done = [pin for pin in wanted if install_some([pin])]
    return done, [pin for pin in wanted if pin not in done]


def job_environment(job: Job) -> dict[str, str]:
    """Return uv's environment for a job, in which the plan's index decides.

    uv takes its variables, and with them pip's settings, before what a file says: the person's
    index would beat the mirror that was asked for, or was chosen since theirs does not answer.
    One with credentials is in no file; then the variable is left.
    """
    text = lenient.text(job.requirements)
    env = environment(job.scratch, offline=job.offline, requirements=text)
    if job.given_lock is None and "\n--index-url " in f"\n{text}":
        for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
            env.pop(name, None)
    return _without(env, job.left_out)


def _without(env: dict[str, str], dead: Sequence[str]) -> dict[str, str]:
    """Leave out the person's further indexes that do not answer: pip skips them, uv stops."""
    if not dead:
        return env
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL"):
        kept = [url for url in env.get(name, "").split() if _bare(url) not in dead]
        env.pop(name, None)
        if kept:
            env[name] = " ".join(kept)
    settings = uv_settings()
    if any(url in settings for url in dead):
        # A uv.toml can be left out only as a whole; what else it names is in the requirements.
        env["UV_NO_CONFIG"] = "1"
    return env


def _bare(url: str) -> str:
    """Return an index's address as the probe writes it: no name, no credentials, no last slash."""
    parts = urlsplit(url.partition("=")[2] if re.match(r"[\w-]+=https?:", url) else url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"


def _quiet(job: Job, *arguments: str | Path) -> None:
    outcome = run.run(
        [uv_program(), "--quiet", *arguments],
        deadline=_CREATE_SECONDS,
        env=job_environment(job),
    )
    if not outcome.ok:
        cause = known_cause(outcome, job.prefix)
        raise cause or failure("environment_failed", outcome, engine="uv")


def _run(job: Job, arguments: list[str | Path], watch: _Watch | None = None) -> run.Outcome:
    return run.run(
        [uv_program(), *arguments],
        deadline=None,
        env=job_environment(job),
        on_start=watch.started if watch else None,
        on_tick=watch.tick if watch else None,
        on_err=job.tell.detail,
    )


def uv_program() -> Path:
    """Return the uv that was installed with this tool."""
    import uv

    return Path(uv.find_uv_bin())


def environment(scratch: Path, *, offline: bool = False, requirements: str = "") -> dict[str, str]:
    """Return uv's environment: the person's pip settings in uv's words, and our cache.

    `requirements` is the text of what will be installed, whose indexes are asked in their order.
    """
    env = without_choices(run.clean_environment(uv_environment(dict(os.environ))))
    # Else a project around the working folder has its say (overrides, a date, a resolution).
    env["UV_PROJECT"] = scratch.absolute().anchor
    env["UV_CACHE_DIR"] = str(caches.begin(paths.package_cache()))
    env = in_order(env, requirements)
    env.setdefault("UV_HTTP_TIMEOUT", "120")
    # By itself it gives up a connection after 10 s: a proxy that wakes, or asks, takes longer.
    env.setdefault("UV_HTTP_CONNECT_TIMEOUT", "40")
    env.setdefault("UV_NO_PROGRESS", "1")
    env["NO_COLOR"] = "1"
    if offline:
        env["UV_OFFLINE"] = "1"
    # Wheels are unpacked in the cache, but builds use TMPDIR, which may be a small tmpfs.
    env["TMPDIR"] = str(scratch)
    return env


def interpreter(version: str) -> str:
    """Return the Python for an environment: one found here, else the version for uv to fetch."""
    found = pythons.find(version)
    return str(found) if found else version


class _Watch:
    """Turns what uv writes to disk into progress: uv itself is silent without a terminal."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._pid = 0
        self._most = 0

    def started(self, pid: int) -> None:
        self._pid = pid

    def tick(self) -> None:
        written = usage.written_bytes(self._pid)
        if written is None:
            self._job.tell.progress(0, None, msg("Installing packages"))
            return
        self._most = max(self._most, written)
        total = max(self._job.expected_bytes, self._most)
        self._job.tell.progress(self._most, total, msg("Installing packages"))
