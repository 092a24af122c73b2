"""Conda packages of a bundle: solved for another machine, and a channel made of them again."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setup_assistant.bundle import wheels
from setup_assistant.bundle.fetch import Offer
from setup_assistant.bundle.manifest import Target
from setup_assistant.bundle.targets import Kind
from setup_assistant.bundle.wheels import Wheel
from setup_assistant.errors import SetupError
from setup_assistant.host import caches, files, lenient, log, paths, removal
from setup_assistant.host.removal_proofs import called
from setup_assistant.site.environment_yml import conda_specs, render_environment_yml
from setup_assistant.steps.backends import rattler

# The last folder of a channel is its name to conda.
_CHANNEL = "conda-forge"
_SUBDIRS = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}
# What is about the place that a package came from, not about the package.
_WHENCE = ("url", "channel", "fn")
_LARGEST_TOOL = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Package(Offer):
    """One conda package, with its record as in a channel's index."""

    record: dict[str, Any]


def solve(kind: Kind, scratch: Path) -> tuple[Package, ...]:
    """Return the packages that a plan's environment takes from its channel, for the oldest machine.

    Solved without a driver: python and pip need none, and so every machine of the kind may take
    them.

    Raises:
        SetupError: `rattler_missing`, `packages_unreachable`, `bundle_unresolved`.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    platform = kind.plan.platform
    subdir = _SUBDIRS.get(platform.arch, "linux-64")
    wanted = scratch / "environment.yml"
    wanted.write_text(render_environment_yml(kind.plan), encoding="utf-8")
    system = ["__linux=5.10", f"__glibc={platform.glibc}", "__unix=0"]
    request = {"channel": kind.plan.sources.conda, "specs": list(conda_specs(wanted)),
               "cache": str(caches.begin(paths.conda_cache())), "offline": False, "subdir": subdir,
               "virtual": system}  # fmt: skip
    records = _solved(request, kind, scratch)
    return tuple(_package(r) for r in sorted(records, key=lambda r: str(r["fn"])))


def _solved(request: dict[str, Any], kind: Kind, scratch: Path) -> list[dict[str, Any]]:
    rattler.install_here(scratch, lambda: None)
    said: list[dict[str, Any]] = []

    outcome = rattler.engine(
        request, scratch, lambda line: said.append(lenient.parsed(line)), log.debug
    )
    found: list[dict[str, Any]] | None = _event(said, "records").get("records")
    if found is not None:
        return found
    failure = _event(said, "failed")
    detail = str(failure.get("detail") or outcome.last_words())
    if failure.get("why") == "network":
        raise SetupError("packages_unreachable", detail=detail)
    raise SetupError("bundle_unresolved", hosts=", ".join(kind.hosts), detail=detail)


def _event(said: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next((e for e in said if e.get("event") == name), {})


def _package(record: dict[str, Any]) -> Package:
    plain = {k: v for k, v in record.items() if k not in _WHENCE}
    return Package(
        path=f"conda/{record['subdir']}/{record['fn']}",
        url=str(record["url"]),
        sha256=str(record["sha256"]),
        size=record.get("size"),
        record=plain,
    )


def maker(kind: Kind, scratch: Path) -> tuple[Wheel, ...]:
    """Return py-rattler for a kind of machine, which may have no conda."""
    return wheels.compiled(kind, f"{rattler.REQUIREMENT}\n", scratch, "tools")


def index(packages: Iterable[Package]) -> dict[str, Any]:
    """Return what a channel's index says of packages: `repodata.json` by subdir."""
    found: dict[str, Any] = {}
    for package in packages:
        subdir = package.path.split("/")[1]
        rows = found.setdefault(subdir, _empty(subdir))
        kind = "packages.conda" if package.name.endswith(".conda") else "packages"
        rows[kind][package.name] = package.record
    found.setdefault("noarch", _empty("noarch"))
    return found


def _empty(subdir: str) -> dict[str, Any]:
    return {"info": {"subdir": subdir}, "packages": {}, "packages.conda": {}, "removed": [],
            "repodata_version": 1}  # fmt: skip


def place(scratch: Path) -> Path:
    """Return where `channel` makes one."""
    return scratch.absolute() / "channel" / _CHANNEL


def channel(root: Path, target: Target, scratch: Path) -> None:
    """Make a channel in a folder: the index, and links to the packages below `root`.

    Raises:
        SetupError: `bundle_invalid` where the index is none.
    """
    folder = place(scratch)
    rows = files.read_json(root / target.channel)
    if not isinstance(rows, dict) or not all(s in (*_SUBDIRS.values(), "noarch") for s in rows):
        raise SetupError("bundle_invalid", path=target.channel, detail="repodata")
    for subdir, value in rows.items():
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        (folder / subdir / "repodata.json").write_text(json.dumps(value), encoding="utf-8")
    for path in target.conda:
        _link(root / path, folder.joinpath(*Path(path).parts[1:]))


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    removal.remove(target, under=target.parent, proof=called(target))
    try:
        target.symlink_to(source.absolute())
    except OSError:
        shutil.copyfile(source, target)


def unpack_maker(root: Path, tools: Sequence[str]) -> None:
    """Unpack py-rattler where the engine looks for it, unless it is there.

    Raises:
        SetupError: `bundle_invalid` where it is no such wheel.
    """
    if rattler.available():
        return
    for path in tools:
        folder = rattler.library_folder() / Path(path).stem
        aside = folder.with_name(f".{folder.name}.part")
        above = folder.parent
        removal.remove(aside, under=above, proof=called(aside, folders=True))
        try:
            with zipfile.ZipFile(root / path) as archive:
                # The bundle may be unsigned: a file of a few bytes must not fill the disk.
                if sum(i.file_size for i in archive.infolist()) > _LARGEST_TOOL:
                    raise SetupError("bundle_invalid", path=path, detail=str(_LARGEST_TOOL))
                archive.extractall(aside)
        except (zipfile.BadZipFile, RuntimeError) as error:
            raise SetupError("bundle_invalid", path=path, detail=str(error)) from error
        removal.remove(folder, under=above, proof=called(folder, folders=True))
        aside.replace(folder)
