"""The rules of `torch.toml`: order, floors, and kernels for every build."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setup_assistant.catalog.torch import Release, TorchTable, cuda_of
from setup_assistant.maintain.fault import Fault, bad_range, numbers, repeated, unordered

FILE = "torch.toml"


def faults(table: TorchTable) -> list[Fault]:
    """Return what is wrong with the table."""
    return [*_order(table), *_drivers(table), *_kernels(table), *_releases(table)]


def _order(table: TorchTable) -> Iterator[Fault]:
    """Releases go from new to old, and what belongs to them goes along."""
    rows = table.release
    yield from unordered(FILE, "release.torch", [r.torch for r in rows], up=False)
    yield from unordered(FILE, "release.torchvision", [r.torchvision for r in rows], up=False)
    for key, values in (
        ("glibc", [r.glibc for r in rows]),
        ("python[0]", [r.python[0] for r in rows]),
        ("python[1]", [r.python[1] for r in rows]),
    ):
        yield from unordered(FILE, f"release.{key}", values, up=False, equal=True)
    lines = [".".join(r.torch.split(".")[:2]) for r in rows]
    yield from repeated(FILE, "release.torch", lines)


def _drivers(table: TorchTable) -> Iterator[Fault]:
    """A newer CUDA needs a newer driver; a newer part outlives an older one."""
    floors = sorted(table.floor, key=lambda f: f.cuda)
    yield from repeated(FILE, "floor.cuda", [str(f.cuda) for f in floors])
    yield from unordered(FILE, "floor.linux", [f.linux for f in floors])
    yield from unordered(FILE, "floor.windows", [f.windows for f in floors])
    yield from unordered(FILE, "last_branch.up_to", [r.up_to for r in table.last_branch])
    yield from unordered(FILE, "last_branch.branch", [str(r.branch) for r in table.last_branch])
    yield from unordered(FILE, "first_branch.part", [r.part for r in table.first_branch])
    known = {f.cuda for f in table.floor}
    for release in table.release:
        for build in release.builds:
            if numbers(cuda_of(build.tag))[:1] and numbers(cuda_of(build.tag))[0] not in known:
                key = f"release({release.torch}).builds({build.tag})"
                yield Fault(file=FILE, key=key, what="no [[floor]] for its CUDA major")


def _kernels(table: TorchTable) -> Iterator[Fault]:
    used = {
        name
        for release in table.release
        for build in release.builds
        for name in (build.x86_64, build.aarch64)
    }
    for name, codes in table.kernels.items():
        yield from unordered(FILE, f"kernels.{name}", codes)
        if name not in used:
            yield Fault(file=FILE, key=f"kernels.{name}", what="no build uses it")
    for tag, size in table.sizes.items():
        if not 0 < size.download < size.installed:
            yield Fault(file=FILE, key=f"sizes.{tag}", what="download and installed do not fit")


def _releases(table: TorchTable) -> Iterator[Fault]:
    for release in table.release:
        place = f"release({release.torch})"
        yield from bad_range(FILE, f"{place}.python", release.python)
        yield from repeated(FILE, f"{place}.builds", [b.tag for b in release.builds])
        yield from _builds(place, release)


def _builds(place: str, release: Release) -> Iterator[Fault]:
    tags = [b.tag for b in release.builds]
    yield from unordered(FILE, f"{place}.builds", [cuda_of(t) for t in tags if _is_tag(t)])
    for build in release.builds:
        key = f"{place}.builds({build.tag})"
        if not _is_tag(build.tag):
            yield Fault(file=FILE, key=key, what="a build is called as in cu126")
        if build.x86_64 is None and build.aarch64 is None:
            yield Fault(file=FILE, key=key, what="it has no kernels on any architecture")
    for arch, tag in release.pypi.items():
        built = {b.tag for b in release.builds if getattr(b, arch, None)}
        if tag not in {"cpu", *built}:
            yield Fault(file=FILE, key=f"{place}.pypi.{arch}", what=f"no build {tag} there")


def _is_tag(tag: str) -> bool:
    return re.fullmatch(r"cu\d{3}", tag) is not None
