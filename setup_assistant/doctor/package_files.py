"""The packages, continued: every file that was installed is there, whole, and of one package."""

from __future__ import annotations

import os
import platform
import shlex
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.doctor import elf
from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.install import Dist, Install
from setup_assistant.doctor.owners import brought_by, edited
from setup_assistant.doctor.packages import NO_PYTHON, again
from setup_assistant.doctor.requirements import asked, taking_part
from setup_assistant.messages import Message, msg
from setup_assistant.verify.installs import uninstall_command

layer = Layered("packages")


@layer.check("files-contested", needs=(*NO_PYTHON, "torch-overlaid", "duplicates"))
def files_contested(case: Case) -> Trouble | NotHere | None:
    """Look for a file of NVIDIA's that two wheels bring, such as cuDNN's for CUDA 12 and 13."""
    install = case.install
    if install is None or install.torch is None:
        return NOT_HERE
    twice = [(path, owners) for path, owners in _shared(install) if len(owners) > 1]
    wanted = {need.name for _name, need in asked(install, "torch")} if twice else set()
    for path, owners in twice:
        ours = [d for d in owners if d.name in wanted]
        others = [d for d in owners if d.name not in wanted]
        held = _size(path)
        if ours and others and held not in (None, owners[ours[0]]):
            kept, foreign = ours[0], others[0]
            said = msg("{held} bytes, recorded {size}", held=held or 0, size=owners[kept] or 0)
            commands = (uninstall_command(install.prefix, foreign.name), again(install, kept))
            return trouble((path, said), (foreign.info.name, kept.info.name), commands=commands,
                           foreign=foreign.name, name=kept.name, file=Path(path).name)  # fmt: skip
    return None


def _shared(install: Install) -> Iterator[tuple[str, Mapping[Dist, int | None]]]:
    """Yield NVIDIA's files, and the packages whose records name each with which size."""
    owners: dict[str, dict[Dist, int | None]] = {}
    for dist in install.dists:
        if dist.name.startswith(("nvidia-", "cuda-")):
            for path, size in dist.recorded():
                owners.setdefault(path, {})[dist] = size
    yield from owners.items()


@layer.check(
    "files-missing",
    needs=(*NO_PYTHON, "torch-overlaid", "duplicates", "files-contested"),
)
def files_missing(case: Case) -> Trouble | NotHere | None:
    """Compare the files of every package with its record, by one stat each."""
    install = case.install
    if install is None:
        return NOT_HERE
    broken = [found for dist in install.dists if (found := _gone(install, dist))]
    if not broken:
        return None
    commands = dict.fromkeys(c for f in broken for c in (*_unlinked(install, f.path),
                                                         again(install, f.dist)))  # fmt: skip
    first = broken[0]
    # A library may have been stripped to save room: a run has the last word.
    stripped = all(elf.read(Path(f.path)).whole for f in broken)
    return trouble(*((f.path, f.said) for f in broken), commands=tuple(commands),
                   name=", ".join(f.dist.name for f in broken), file=Path(first.path).name,
                   detail=f"({first.said})",
                   confidence="inferred" if stripped else "proven")  # fmt: skip


@dataclass(frozen=True)
class _Gone:
    dist: Dist
    path: str
    said: Message


def _gone(install: Install, dist: Dist) -> _Gone | None:
    """Return the first file of a package that is not as its record says."""
    for path, size in dist.recorded():
        held = _size(path)
        # Sources and certificates may have been changed on purpose, but not emptied.
        changed = path.endswith((".py", ".pem")) and bool(held)
        if held is not None and (size is None or size == held or changed):
            continue
        if held is not None and _of_another(install, dist, path, held):
            continue
        wrong = msg("{held} bytes, recorded {size}", held=held, size=size)
        return _Gone(dist, path, msg("absent") if held is None else wrong)
    return None


def _of_another(install: Install, dist: Dist, path: str, held: int) -> bool:
    """Whether another package's record says just this: opencv-python and its headless twin."""
    others = (d for d in install.dists if d is not dist and d.home == dist.home)
    return any((path, held) in d.recorded() for d in others)


def _unlinked(install: Install, path: str) -> tuple[str, ...]:
    """Return what removes a link to nowhere, or a file for a folder or the reverse.

    pip cannot write there.
    """
    plain = Path(os.path.normpath(path))
    within = [p for p in plain.parents if install.prefix in p.parents]
    away = [p for p in (plain, *within) if (p.is_symlink() if p == plain else _in_the_way(p))]
    if plain.is_dir() and within:
        return (shlex.join(["rm", "-r", "--", str(plain)]),)
    return (shlex.join(["rm", "--", str(away[0])]),) if away and within else ()


def _in_the_way(folder: Path) -> bool:
    """Whether a file, or a link to nowhere, stands where a folder must be."""
    return folder.is_file() or (folder.is_symlink() and not folder.exists())


def _size(path: str) -> int | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - thousands of them
    except OSError:
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


@layer.check("module-hidden", needs=(*NO_PYTHON, "files-missing"), refutable=True)
def module_hidden(case: Case) -> Trouble | NotHere | None:
    """Look for what no package brought, and Python imports in place of a file that one did.

    A release may leave a folder `name/` beside the `name.py` of the next, or `name.cpython-311-…so`
    beside its `name.abi3.so`.
    """
    install = case.install
    if install is None or not install.python:
        return NOT_HERE
    suffixes = _suffixes(install.python)
    for dist in install.dists:
        for path, _held in dist.recorded():
            stem, rank = _module(path, suffixes)
            before = (f"{stem}{suffix}" for suffix in suffixes[:rank])
            hides = next((p for p in before if _size(p) is not None), None)
            if hides is not None and not _brought(install, dist, hides):
                name = Path(hides).parent if hides.endswith("__init__.py") else Path(hides)
                moved = shlex.join(["mv", "--", str(name), f"{name}.off"])
                return trouble((name, msg("no package has brought it")), (path, dist.name),
                               commands=(moved,), name=dist.name, file=Path(path).name,
                               folder=str(name))  # fmt: skip
    return None


def _brought(install: Install, dist: Dist, path: str) -> bool:
    return bool(brought_by(install, f"{os.path.relpath(path, dist.home)},"))


def _suffixes(python: str) -> tuple[str, ...]:
    """Return the ends of a module's file, what is imported first before the others."""
    tag = "".join(python.split(".")[:2])
    here = f".cpython-{tag}-{platform.machine()}-linux-gnu.so"
    return ("/__init__.py", here, ".abi3.so", ".so", ".py")


def _module(path: str, suffixes: Sequence[str]) -> tuple[str, int]:
    """Return a file's path without the end that makes it a module, and the place of that end."""
    found = ((path.removesuffix(s), n) for n, s in enumerate(suffixes) if path.endswith(s))
    return next(found, (path, 0))


@layer.check("files-changed", needs=NO_PYTHON)
def files_changed(case: Case) -> Trouble | NotHere | None:
    """Compare sums where all went well: a library of zeros is met by who calls into it.

    A source may have been changed on purpose. Where a run failed, its causes say more.
    """
    install = case.install
    ran = (case.torch_run is not None and case.torch_run.ok) or (
        case.verification is not None and case.verification.status == "ok"
    )
    if install is None or not ran:
        return NOT_HERE
    found = list(edited(install, taking_part(install)))
    if not found:
        return None
    compiled = any(not file.endswith(".py") for _dist, file in found)
    dists = dict.fromkeys(dist for dist, _file in found)
    return trouble(*((file, msg("is not as it was installed")) for _dist, file in found[:8]),
                   commands=tuple(again(install, dist) for dist in dists),
                   status="fail" if compiled else "warn", file=Path(found[0][1]).name,
                   name=", ".join(dist.name for dist in dists))  # fmt: skip


# What a run comes before.
LAST = tuple(c for c in layer.checks if c.id == "files-changed")
CHECKS = tuple(c for c in layer.checks if c not in LAST)
