"""The packages, continued: every file that was installed is there, whole, and of one package."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from setup_assistant.doctor.case import Case
from setup_assistant.doctor.check import NOT_HERE, Layered, NotHere, Trouble, trouble
from setup_assistant.doctor.install import Dist, Install
from setup_assistant.doctor.owners import edited
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
    return trouble(*((f.path, f.said) for f in broken), commands=tuple(commands),
                   name=", ".join(f.dist.name for f in broken), file=Path(first.path).name,
                   detail=f"({first.said})")  # fmt: skip


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
    """Return what removes a link to nowhere or a file for a folder: pip cannot write there."""
    plain = Path(os.path.normpath(path))
    within = [p for p in plain.parents if install.prefix in p.parents]
    away = [p for p in (plain, *within) if (p.is_symlink() if p == plain else _in_the_way(p))]
    return (shlex.join(["rm", "--", str(away[0])]),) if away and within else ()


def _in_the_way(folder: Path) -> bool:
    """Whether a file, or a link to nowhere, stands where a folder must be."""
    return folder.is_file() or (folder.is_symlink() and not folder.exists())


def _size(path: str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - thousands of them
    except OSError:
        return None


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
