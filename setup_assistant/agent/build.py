"""The agent: one file that is this tool with its packages, for every Python that may come.

Packages in pure Python are taken as they are installed here. Compiled ones (msgspec, psutil)
differ by Python and processor: uv fetches them for each, once; without a network the agent
serves hosts whose Python is like this one.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import platform
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from setup_assistant import __version__
from setup_assistant.agent.inside.start import COMMON
from setup_assistant.host import files, log, own_folders, paths, removal, run
from setup_assistant.host.prefix import normal_name

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
ARCHS = ("x86_64", "aarch64")
# What the verbs of a host import; questions and colours stay here.
_PURE = (
    "click", "filelock", "nvidia-ml-py", "packaging", "platformdirs", "rich", "ruamel.yaml",
    "urllib3", "wcwidth",
)  # fmt: skip
_COMPILED = ("msgspec", "psutil")
_START = Path(__file__).parent / "inside" / "start.py"
_PACKAGE = Path(__file__).resolve().parent.parent
# The date of every member: the same contents give the same file, and so the same name.
_DATE = (2020, 1, 1, 0, 0, 0)
_LEFT_OUT = {"__pycache__", "INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "pygments"}
_FETCH_SECONDS = 120.0
_STALE_SECONDS = 86400.0


@dataclass(frozen=True)
class Agent:
    """A built agent. `name` holds the start of its sha256, under which hosts keep it."""

    path: Path
    name: str


def build(arch: str = "") -> Agent:
    """Return the agent, built where it is not there yet.

    Args:
        arch: also carry uv for this processor, which making an environment needs.

    Raises:
        SetupError: `not_writable`, `disk_filled`.
    """
    folder = paths.cache_folder() / "fleet" / "agents"
    key = _key(arch)
    for kept in sorted(folder.glob(f"agent-*-{key}.pyz")):
        if files.sha256(kept)[:12] == kept.name.split("-")[1]:
            return _named(kept)
        log.debug("agent: %s is damaged, and built anew", kept)
    try:
        own_folders.make_below(paths.cache_folder(), folder)
        for old in folder.glob("agent-*.pyz"):
            # Of an earlier version of this tool; another run may still push a recent one.
            if time.time() - old.stat().st_mtime > _STALE_SECONDS:
                removal.drop(old, under=paths.cache_folder())
        # A name of its own: two first runs may build at once.
        with tempfile.TemporaryDirectory(prefix=".build-", dir=folder) as scratch:
            aside = Path(scratch) / "agent.pyz"
            _pack(aside, arch, folder / "packages")
            path = folder / f"agent-{files.sha256(aside)[:12]}-{key}.pyz"
            aside.replace(path)
    except OSError as error:
        raise files.refusal(error, folder, flag="SETUP_ASSISTANT_CACHE", named=False) from error
    return _named(path)


def _named(path: Path) -> Agent:
    return Agent(path, "-".join(path.name.split("-")[:2]) + ".pyz")


def _key(arch: str) -> str:
    """Return what changes with the contents: our files, the packages' versions, the parts."""
    digest = hashlib.sha256(f"{__version__} {arch} {sys.version}".encode())
    for name in (*_PURE, *_COMPILED, "uv"):
        digest.update(f"{name} {importlib.metadata.version(name)}".encode())
    for name, path in _own_files():
        stat = path.stat()
        digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}".encode())
    return digest.hexdigest()[:12]


def _own_files() -> Iterator[tuple[str, Path]]:
    """Yield this tool's files by their names in the agent; recipes lie inside the package."""
    yield from _tree(_PACKAGE, "setup_assistant")
    recipes = paths.recipes_folder()
    if not recipes.is_relative_to(_PACKAGE):
        yield from _tree(recipes, "setup_assistant/recipes")


def _tree(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not _LEFT_OUT & set(inside.parts):
            yield f"{name}/{inside.as_posix()}", path


def _pack(path: Path, arch: str, packages: Path) -> None:
    members: dict[str, Path] = {"__main__.py": _START}
    for name, file in _own_files():
        members[f"{COMMON}/{name}"] = file
    for package in _PURE:
        members.update((f"{COMMON}/{n}", p) for n, p in _installed(package))
    for (tag, part), folder in _fetched(packages, arch).items():
        members.update((f"{tag}/{n.split('/', 1)[1]}", p) for n, p in _tree(folder, part))
    members.update(_here(arch, members))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, members[name].read_bytes())


def _installed(package: str) -> Iterator[tuple[str, Path]]:
    """Yield the files of an installed package that lie in site-packages."""
    distribution = importlib.metadata.distribution(package)
    for file in distribution.files or ():
        path = Path(str(distribution.locate_file(file)))
        if ".." not in file.parts and not _LEFT_OUT & set(file.parts) and path.is_file():
            yield file.as_posix(), path


def _here(arch: str, members: Mapping[str, Path]) -> dict[str, Path]:
    """Return what is installed here for Pythons like this one, where uv could not fetch it."""
    machine = platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}-{machine}"
    found: dict[str, Path] = {}
    if not any(n.startswith(f"{tag}/") for n in members):
        for package in _COMPILED:
            found.update((f"{tag}/{n}", p) for n, p in _installed(package))
    if arch == machine and not any(n.startswith(f"uv-{arch}/bin/") for n in members):
        found.update((f"uv-{arch}/{n}", p) for n, p in _installed("uv"))
        from setup_assistant.steps.backends.uv import uv_program

        found[f"uv-{arch}/bin/uv"] = uv_program()
    return found


def _fetched(folder: Path, arch: str) -> dict[tuple[str, str], Path]:
    """Return tag and part → folder of the compiled packages that could be fetched."""
    wanted = {
        (f"cp{v.replace('.', '')}-{a}", ""): (v, a, _requirements(v))
        for v in PYTHONS
        for a in ARCHS
    }
    if arch:
        version = importlib.metadata.version("uv")
        wanted[f"uv-{arch}", ""] = ("3.11", arch, (f"uv=={version}",))
    from setup_assistant.steps.backends.uv import uv_program

    uv = uv_program()  # here, since the search for it is not safe in threads
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(lambda w: _fetch(uv, folder, *w), wanted.values())
        return {k: p for k, p in zip(wanted, done, strict=True) if p is not None}


def _requirements(python: str) -> tuple[str, ...]:
    found = [f"{name}=={importlib.metadata.version(name)}" for name in _COMPILED]
    # Python 3.10 has no TOML reader of its own.
    return (*found, "tomli>=2") if python == "3.10" else tuple(found)


def _fetch(uv: Path, folder: Path, python: str, arch: str, wanted: Iterable[str]) -> Path | None:
    """Unpack wheels for a Python and a processor that need not be those of this machine."""
    from setup_assistant.steps.backends.uv import environment

    names = tuple(wanted)
    key = hashlib.sha256(f"{python} {arch} {names}".encode()).hexdigest()[:12]
    target = folder / f"{normal_name(names[0].partition('==')[0])}-{python}-{arch}-{key}"
    if target.is_dir():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder) as scratch:
        aside = Path(scratch) / "packages"
        outcome = run.run(
            [uv, "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:",
             "--target", aside, "--python-version", python,
             "--python-platform", f"{arch}-manylinux2014", *names],
            deadline=_FETCH_SECONDS,
            env=environment(folder.parent),
        )  # fmt: skip
        if not outcome.ok:
            log.debug("agent: nothing for Python %s on %s: %s", python, arch, outcome.err)
            return None
        # Another run may have been first.
        with contextlib.suppress(OSError):
            aside.rename(target)
    return target
