"""What a folder of wheels lacks: all of it at once, and the one command that fetches it."""

from __future__ import annotations

import email.parser
import shlex
import zipfile
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from setup_assistant.errors import SetupError
from setup_assistant.steps.backends.base import Job

# Name → the versions that fit this Python, with their files.
_Wheels = dict[str, dict[Version, Path]]


def explained(job: Job, error: SetupError) -> SetupError:
    """Return an error that names what the job's wheelhouse lacks; `error` where it lacks nothing.

    What a missing wheel asks for in turn is not known here; the command fetches that too.
    """
    if job.wheelhouse is None:
        return error
    try:
        text = (job.given_lock or job.requirements).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return error
    lines = [line.strip(" \\") for line in text.splitlines()]
    lines = [line for line in lines if not line.startswith("--hash")]
    found = missing([x for x in lines if x and x[0] not in "#-"], job.wheelhouse, job.python)
    if not found:
        return error
    # Options hold no quotes; a torch index among them is asked as well.
    options = [word for line in lines if line.startswith("--") for word in line.split(maxsplit=1)]
    python = "".join(job.python.split(".")[:2])
    command = ["python3", "-m", "pip", "download", "--dest", str(job.wheelhouse),
               "--only-binary", ":all:", "--python-version", python, *options, *found]  # fmt: skip
    return SetupError(
        "wheels_missing", path=str(job.wheelhouse), names=", ".join(found),
        command=shlex.join(command),
    )  # fmt: skip


def missing(wanted: list[str], folder: Path, python: str) -> list[str]:
    """Return the requirements, and those of the wheels that are there, which no wheel meets.

    Args:
        wanted: requirements, one a line.
        folder: a folder of wheels.
        python: the version of Python that they are for.
    """
    wheels = _wheels(folder, python)
    environment = {"python_version": ".".join(python.split(".")[:2]), "extra": ""}
    queue, seen, lacking = list(wanted), set(), []
    while queue:
        text = queue.pop(0)
        try:
            need = Requirement(text.partition(" --hash")[0].strip())
        except InvalidRequirement:
            continue
        if text in seen or (need.marker and not need.marker.evaluate(environment)):
            continue
        seen.add(text)
        there = wheels.get(canonicalize_name(need.name), {})
        fitting = [v for v in there if need.specifier.contains(v, prereleases=True)]
        if not fitting:
            lacking.append(f"{need.name}{need.specifier}")
        queue += _asked(there[max(fitting)]) if fitting else []
    return list(dict.fromkeys(lacking))


def _wheels(folder: Path, python: str) -> _Wheels:
    own = "cp" + "".join(python.split(".")[:2])
    found: _Wheels = {}
    for path in sorted(folder.glob("*.whl")):
        try:
            name, version, _build, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        if any(t.interpreter in ("py3", own) or t.abi == "abi3" for t in tags):
            found.setdefault(name, {})[version] = path
    return found


def _asked(wheel: Path) -> Iterator[str]:
    """Yield what a wheel asks for; nothing where it cannot be read."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            head = email.parser.BytesParser().parsebytes(archive.read(name), headersonly=True)
    except (OSError, zipfile.BadZipFile, StopIteration):
        return
    yield from map(str, head.get_all("Requires-Dist") or ())
