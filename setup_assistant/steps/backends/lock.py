"""The exact set of packages with hashes, made once and replayed.

Hashed requirements, not a PEP 751 file: uv finds what it has cached by index and version, and
fetches the wheels of a `pylock.toml` again for every environment (seen with uv 0.13.9).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from setup_assistant.host import files
from setup_assistant.host.prefix import packages, python_in
from setup_assistant.host.run import Outcome
from setup_assistant.host.secrets import redact
from setup_assistant.steps.backends.base import Job

Run = Callable[[Job, list[str | Path]], Outcome]
_HEAD = "# Made by Setup Assistant from requirements.txt with sha256 {sum}\n"
_PIP = "#: "
_FOR = "# For Python {python} on {platform}\n"


def lock_for(job: Job, run: Run) -> Path:
    """Return the file to install from: the given lock, ours, or the bare requirements.

    The requirements themselves are used where uv cannot lock them, or where the lock would carry
    the credentials of an index.

    Raises:
        SetupError: `file_missing` where the given lock is not there.
    """
    if job.given_lock is not None and (job.given_lock.exists() or not job.lock.exists()):
        files.write_text(job.lock, files.read_text(job.given_lock, "--lock"))
        return job.lock
    head = _HEAD.format(sum=hashlib.sha256(files.plain(job.requirements).read_bytes()).hexdigest())
    if _starts_with(job.lock, head):
        return job.lock
    fresh, extra = job.scratch / "requirements.lock", job.scratch / "pip.in"
    extra.write_text("pip\n", encoding="utf-8")
    if job.prefer_present:
        # uv takes what its output names already for the versions to keep.
        there = sorted(packages(job.prefix).items())
        fresh.write_text("".join(f"{n}=={v}\n" for n, v in there), encoding="utf-8")
    outcome = run(
        job,
        ["pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes",
         "--python", python_in(job.prefix), "--output-file", fresh, job.requirements, extra,
         *job.places()],
    )  # fmt: skip
    if not outcome.ok or not fresh.exists():
        # The installation will fail with the same words, or manage without.
        return job.requirements
    text = fresh.read_text(encoding="utf-8")
    if redact(text) != text:
        return job.requirements
    made_for = _FOR.format(python=job.python, platform=job.platform)
    files.write_text(job.lock, head + made_for + _options(job.requirements) + _apart(text))
    return job.lock


def pip_for(job: Job) -> tuple[Path, bool]:
    """Return a file to install pip from, and whether it has hashes: as locked, or the newest.

    pip is in the lock as a remark: conda has a pip of its own, which no wheel should replace.
    """
    path = job.scratch / "pip.txt"
    text = ""
    for source in (job.given_lock, job.lock):
        if source and source.exists() and not text:
            lines = files.plain(source).read_text(encoding="utf-8").splitlines()
            text = "\n".join(x.removeprefix(_PIP) for x in lines if x.startswith(_PIP))
            options = _options(source)
    if not text:
        path.write_text(f"{_options(job.requirements)}pip\n", encoding="utf-8")
        return path, False
    path.write_text(f"{options}{text}\n", encoding="utf-8")
    return path, True


def _apart(text: str) -> str:
    """Return a lock with the lines about pip as remarks."""
    lines, about_pip = [], False
    for line in text.splitlines():
        about_pip = line.startswith("pip==") or (about_pip and line.startswith(" "))
        lines.append(_PIP + line if about_pip else line)
    return "".join(f"{line}\n" for line in lines)


def _options(requirements: Path) -> str:
    """Return the index options of the requirements, which `compile` leaves out."""
    lines = files.plain(requirements).read_text(encoding="utf-8").splitlines()
    return "".join(f"{line}\n" for line in lines if line.startswith("--"))


def _starts_with(path: Path, head: str) -> bool:
    try:
        with files.plain(path).open(encoding="utf-8") as stream:
            return stream.readline() == head
    except (OSError, UnicodeDecodeError):
        return False
