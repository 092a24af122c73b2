"""The wheels of one kind of machine: resolved by uv for the oldest of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from setup_assistant.bundle.fetch import Offer
from setup_assistant.bundle.targets import Kind
from setup_assistant.errors import SetupError
from setup_assistant.host import files, run
from setup_assistant.site.requirements import render_requirements
from setup_assistant.steps.backends.uv import environment, uv_program
from setup_assistant.versions import at_least, numbers

# What uv knows by name (uv pip compile --help, --python-platform).
_GLIBCS = ("2.17", "2.28", *(f"2.{n}" for n in range(31, 41)))
_RESOLVE_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Wheel(Offer):
    """One wheel of a project's version."""

    project: str
    version: str


def resolve(kind: Kind, scratch: Path) -> tuple[Wheel, ...]:
    """Return the wheels for a kind of machine.

    Raises:
        SetupError: `bundle_unresolved` with uv's words.
    """
    # pip comes into every environment.
    return compiled(kind, render_requirements(kind.plan) + "pip\n", scratch)


def compiled(
    kind: Kind, requirements: str, scratch: Path, folder: str = "wheels"
) -> tuple[Wheel, ...]:
    """Return the wheels that uv chooses for requirements, to lie in a folder of the bundle.

    Raises:
        SetupError: `bundle_unresolved` with uv's words.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    wanted = scratch / "requirements.txt"
    wanted.write_text(requirements, encoding="utf-8")
    locked = scratch / "pylock.toml"
    env = environment(scratch, requirements=requirements)
    # An index in the requirements would win over the person's setting that there is none.
    alone = ["--no-index"] if env.get("UV_NO_INDEX") else []
    outcome = run.run(
        [uv_program(), "pip", "compile", "--quiet", "--no-annotate",
         "--no-header", "--only-binary", ":all:", "--format", "pylock.toml",
         "--python-version", kind.plan.python, "--python-platform", platform_of(kind),
         # Nothing is built, so that Python itself is not needed here.
         "--no-python-downloads", "--output-file", locked, wanted, *alone],
        deadline=_RESOLVE_SECONDS,
        env=env,
    )  # fmt: skip
    if not outcome.ok:
        detail = (outcome.err.strip() or outcome.out.strip())[-800:]
        raise SetupError("bundle_unresolved", hosts=", ".join(kind.hosts), detail=detail)
    found: dict[str, Any] = msgspec.toml.decode(locked.read_bytes())
    return tuple(_best(p, kind, scratch, folder) for p in found.get("packages", ()))


def lock(kind: Kind, wheels: Iterable[Wheel]) -> str:
    """Return hashed requirements for `up --lock`: pip as a remark, since engines bring theirs."""
    platform = kind.plan.platform
    lines = [f"# For Python {kind.plan.python} on {platform.os}-{platform.arch}"]
    for wheel in wheels:
        remark = "#: " if wheel.project == "pip" else ""
        lines.append(f"{remark}{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}")
    return "\n".join(lines) + "\n"


def platform_of(kind: Kind) -> str:
    """Return the platform in uv's words, with the newest C library that is not too new."""
    platform = kind.plan.platform
    fitting = [g for g in _GLIBCS if at_least(platform.glibc, g)] or [_GLIBCS[0]]
    return f"{platform.arch}-manylinux_{fitting[-1].replace('.', '_')}"


def _best(package: dict[str, Any], kind: Kind, base: Path, folder: str) -> Wheel:
    """Return the wheel that the installer will take: the first of the most specific tags."""
    from packaging.utils import parse_wheel_filename

    order = {tag: n for n, tag in enumerate(_tags(kind))}
    offers = []
    for entry in package.get("wheels", ()):
        place = str(entry.get("url") or (base / entry["path"]).resolve())
        name = str(entry.get("name") or unquote(urlsplit(place).path.rsplit("/", 1)[-1]))
        ranks = [order[str(t)] for t in parse_wheel_filename(name)[3] if str(t) in order]
        digest = entry.get("hashes", {}).get("sha256", "")
        if ranks and (digest or "://" not in place):
            offers.append((min(ranks), name, place, digest, entry.get("size")))
    if not offers:
        raise SetupError("bundle_unresolved", hosts=", ".join(kind.hosts),
                         detail=f"{package['name']} {package.get('version', '')}")  # fmt: skip
    _rank, name, place, digest, size = min(offers, key=lambda o: (o[0], o[1]))
    version = str(parse_wheel_filename(name)[1])
    local = "://" not in place
    return Wheel(
        path=f"{folder}/{name}", url=place, size=size,
        project=str(package["name"]), version=version,
        sha256=digest or (files.sha256(Path(place)) if local else ""),
    )  # fmt: skip


def _tags(kind: Kind) -> list[str]:
    """Return the tags that fit, best first, as pip orders them."""
    from packaging import tags

    platform = kind.plan.platform
    major, minor = numbers(kind.plan.python)[:2]
    platforms = _linux(platform.arch, platform.glibc)
    found = tags.cpython_tags((major, minor), platforms=platforms)
    other = tags.compatible_tags((major, minor), f"cp{major}{minor}", platforms)
    return [str(t) for t in (*found, *other)]


def _linux(arch: str, glibc: str) -> list[str]:
    newest = int(glibc.split(".")[1])
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    platforms = []
    for minor in range(newest, 4, -1):
        platforms.append(f"manylinux_2_{minor}_{arch}")
        if minor in legacy:
            platforms.append(f"{legacy[minor]}_{arch}")
    return [*platforms, f"linux_{arch}"]
