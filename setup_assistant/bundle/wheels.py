"""The wheels of one kind of machine: resolved by uv for the oldest of them, fetched once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from setup_assistant.bundle.targets import Kind, glibc_of
from setup_assistant.choose.versions import at_least
from setup_assistant.errors import SetupError
from setup_assistant.host import files, run
from setup_assistant.host.http import Http, WebError
from setup_assistant.site.requirements import render_requirements
from setup_assistant.steps.backends.uv import environment, uv_program

# What uv knows by name (uv pip compile --help, --python-platform).
_GLIBCS = ("2.17", "2.28", *(f"2.{n}" for n in range(31, 41)))
_RESOLVE_SECONDS = 600.0
_SILENCE_SECONDS = 60.0
_AT_ONCE = 4
_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """One wheel: where it comes from, and what it must be. `url` may be a local path."""

    name: str
    project: str
    version: str
    url: str
    sha256: str
    size: int | None


def resolve(kind: Kind, scratch: Path) -> tuple[str, tuple[Wheel, ...]]:
    """Return the lock (hashed requirements) and the wheels for a kind of machine.

    Raises:
        SetupError: `bundle_unresolved` with uv's words.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    wanted = scratch / "requirements.txt"
    # pip comes into every environment.
    wanted.write_text(render_requirements(kind.plan) + "pip\n", encoding="utf-8")
    locked, env = scratch / "pylock.toml", environment(scratch)
    # An index in the requirements would win over the person's setting that there is none.
    alone = ["--no-index"] if env.get("UV_NO_INDEX") else []
    outcome = run.run(
        [uv_program(), "pip", "compile", "--quiet", "--no-annotate",
         "--no-header", "--only-binary", ":all:", "--format", "pylock.toml",
         "--python-version", kind.plan.python, "--python-platform", platform_of(kind),
         "--output-file", locked, wanted, *alone],
        deadline=_RESOLVE_SECONDS,
        env=env,
    )  # fmt: skip
    if not outcome.ok:
        detail = (outcome.err.strip() or outcome.out.strip())[-800:]
        raise SetupError("bundle_unresolved", hosts=", ".join(kind.hosts), detail=detail)
    found: dict[str, Any] = msgspec.toml.decode(locked.read_bytes())
    wheels = tuple(_best(p, kind, scratch) for p in found.get("packages", ()))
    return _lock(kind, wheels), wheels


def _lock(kind: Kind, wheels: Iterable[Wheel]) -> str:
    """Return the lock as `up --lock` reads it: pip as a remark, since engines bring their own."""
    system = kind.machine.system
    lines = [f"# For Python {kind.plan.python} on {system.os}-{system.arch}"]
    for wheel in wheels:
        remark = "#: " if wheel.project == "pip" else ""
        lines.append(f"{remark}{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}")
    return "\n".join(lines) + "\n"


def platform_of(kind: Kind) -> str:
    """Return the platform in uv's words, with the newest C library that is not too new."""
    system = kind.machine.system
    if system.os == "Windows":
        return "x86_64-pc-windows-msvc"
    if system.os == "Darwin":
        return "aarch64-apple-darwin"
    have = glibc_of(kind.machine)
    fitting = [g for g in _GLIBCS if at_least(have, g)] or [_GLIBCS[0]]
    return f"{system.arch}-manylinux_{fitting[-1].replace('.', '_')}"


def fetch(
    wheels: Iterable[Wheel], folder: Path, tell: Callable[[int, str], None]
) -> dict[str, Path]:
    """Bring wheels into a folder; what is there and right is kept. Returns path by name.

    Raises:
        SetupError: `bundle_fetch` where one cannot be fetched, `hash_mismatch` where it is not
            the one that was resolved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {w.name: w for w in wheels}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        done = pool.map(lambda w: _bring(w, folder / w.name, tell), wanted.values())
        return {w.name: path for w, path in zip(wanted.values(), done, strict=True)}


def _best(package: dict[str, Any], kind: Kind, base: Path) -> Wheel:
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
        name=name, project=str(package["name"]), version=version, url=place, size=size,
        sha256=digest or (files.sha256(Path(place)) if local else ""),
    )  # fmt: skip


def _tags(kind: Kind) -> list[str]:
    """Return the tags that fit, best first, as pip orders them."""
    from packaging import tags

    system = kind.machine.system
    major, minor = (int(n) for n in kind.plan.python.split(".")[:2])
    if system.os == "Linux":
        platforms = _linux(system.arch, glibc_of(kind.machine))
    elif system.os == "Windows":
        platforms = ["win_amd64"]
    else:
        platforms = list(tags.mac_platforms((14, 0), "arm64"))
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


def _bring(wheel: Wheel, path: Path, tell: Callable[[int, str], None]) -> Path:
    if path.exists() and files.sha256(path) == wheel.sha256:
        tell(path.stat().st_size, wheel.name)
        return path
    local = re.sub(r"^file://", "", wheel.url)
    aside = path.with_name(path.name + ".part")
    try:
        if "://" in local:
            _download(wheel, aside, tell)
        else:
            shutil.copyfile(unquote(local) if wheel.url != local else local, aside)
            tell(aside.stat().st_size, wheel.name)
    except OSError as error:
        if error.errno in files.FULL:
            raise SetupError("disk_filled", path=str(path.parent)) from error
        detail = error.strerror or str(error)
        raise SetupError("bundle_fetch", url=wheel.url, detail=detail) from error
    if files.sha256(aside) != wheel.sha256:
        aside.unlink()
        raise SetupError("hash_mismatch", detail=wheel.name)
    aside.replace(path)
    return path


def _download(wheel: Wheel, path: Path, tell: Callable[[int, str], None]) -> None:
    """Fetch one file, going on where an earlier run stopped."""
    http = Http(wheel.url, secrets={}, silence=_SILENCE_SECONDS)
    for attempt in range(_ATTEMPTS):
        there = path.stat().st_size if path.exists() else 0
        if wheel.size is not None and there == wheel.size:
            return
        try:
            span = (there, (wheel.size or 1 << 62) - 1) if there else None
            body = http.get(wheel.url, span)
            with path.open("ab" if body.ranged and body.first == there else "wb") as stream:
                for block in body.blocks():
                    stream.write(block)
                    tell(len(block), wheel.name)
        except WebError as error:
            if error.again and attempt + 1 < _ATTEMPTS:
                continue
            raise SetupError("bundle_fetch", url=wheel.url, detail=str(error.detail)) from error
        return
