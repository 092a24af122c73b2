"""The (torch release, build) pairs that a machine can install and start, best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from setup_assistant.catalog.recipes import Recipes
from setup_assistant.catalog.stacks import DecoderRow, Stack
from setup_assistant.catalog.torch import Build, Release, cuda_of
from setup_assistant.choose.kernels import runs
from setup_assistant.choose.plan import Compatibility
from setup_assistant.choose.target_platform import Host, native, starts
from setup_assistant.choose.usable_gpus import Card
from setup_assistant.versions import at_least, not_above, numbers, within


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One allowed pair with the packages that go with it."""

    release: Release
    build: str
    compatibility: Compatibility
    python: str
    stack: Stack
    decoder: DecoderRow
    verified: bool = True

    @property
    def torch(self) -> str:
        """The torch version."""
        return self.release.torch

    @property
    def rank(self) -> tuple[int, ...]:
        """Higher is newer."""
        return numbers(self.release.torch)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What the choice is made from."""

    recipes: Recipes
    host: Host
    python: str
    cards: tuple[Card, ...]
    strict: bool
    only_default: bool
    may_leave_out: bool


def cuda_pairs(
    recipes: Recipes,
    host: Host,
    python: str,
    parts: Sequence[str],
    *,
    strict: bool = False,
    only_default: bool = False,
) -> list[Pair]:
    """Return the allowed CUDA pairs, best first: newest torch, then the policy's build.

    Args:
        recipes: what is known to work.
        host: system, architecture and driver.
        python: minor version of the environment's Python, e.g. "3.12".
        parts: compute capability of every GPU that must have kernels.
        strict: keep to builds not above the driver's own CUDA.
        only_default: only what the package index itself carries.
    """
    found: list[Pair] = []
    for pair in _installable(recipes, host, python):
        default = pair.release.pypi.get(host.arch) if host.os == "Linux" else None
        builds = [
            b
            for b in pair.release.builds
            if (not only_default or b.tag == default)
            and build_runs(recipes, host, b, parts)
            and (not strict or native(host, cuda_of(b.tag)))
        ]
        for build in _ordered(builds, host):
            own = "native" if native(host, cuda_of(build.tag)) else "minor-version"
            kind = cast("Compatibility", "default-build" if only_default else own)
            found.append(
                replace(pair, build=build.tag, compatibility=kind, verified=build.verified)
            )
    return found


def cpu_pairs(recipes: Recipes, host: Host, python: str) -> list[Pair]:
    """Return the CPU builds, newest first."""
    return list(_installable(recipes, host, python))


def default_pairs(recipes: Recipes, host: Host, python: str) -> list[Pair]:
    """Return what the package index carries for a machine without GPU, newest first."""
    found = []
    for pair in _installable(recipes, host, python):
        tag = pair.release.pypi.get(host.arch, "cpu") if host.os == "Linux" else "cpu"
        found.append(replace(pair, build=tag, compatibility="default-build"))
    return found


def build_runs(recipes: Recipes, host: Host, build: Build, parts: Sequence[str]) -> bool:
    """Whether the driver starts a build and each part finds code in it."""
    name = build.aarch64 if host.arch == "aarch64" else build.x86_64
    cuda = cuda_of(build.tag)
    if host.os == "Windows" and not build.windows:
        return False
    if name is None or not has_cuda_builds(host) or not starts(host, cuda, recipes.torch):
        return False
    codes = recipes.torch.kernels[name]
    # The release notes promise PTX for Linux only.
    ptx = build.ptx if host.os == "Linux" else None
    own = native(host, cuda)
    jetson = recipes.torch.jetson
    return all(
        runs(codes, ptx, part, build_cuda=cuda if own else "", jetson=jetson, driver_compiles=own)
        for part in parts
    )


def has_cuda_builds(host: Host) -> bool:
    """Whether torch has CUDA builds for this platform at all."""
    return host.platform in {"Linux-x86_64", "Linux-aarch64", "Windows-x86_64"}


def _installable(recipes: Recipes, host: Host, python: str) -> Iterator[Pair]:
    """Yield each release with a wheel here and packages around it, as its CPU build."""
    for release in recipes.torch.release:
        if release.avoid or not _has_wheel(release, host, python):
            continue
        stack = _stack(recipes, release, python)
        decoder = _decoder(recipes, release, host, python)
        if stack and decoder:
            yield Pair(
                release=release,
                build="cpu",
                compatibility="cpu",
                python=python,
                stack=stack,
                decoder=decoder,
            )


def _has_wheel(release: Release, host: Host, python: str) -> bool:
    if not within(python, release.python):
        return False
    if host.os == "Linux":
        return not host.glibc or at_least(host.glibc, release.glibc)
    if host.platform == "Darwin-x86_64":
        return not_above(release.torch, "2.2")  # the last release with wheels for Intel Macs
    return host.platform in {"Windows-x86_64", "Darwin-arm64"}


def _stack(recipes: Recipes, release: Release, python: str) -> Stack | None:
    for stack in recipes.stacks.stack:
        if at_least(release.torch, stack.torch_min) and within(python, stack.python):
            return stack
    return None


def _decoder(recipes: Recipes, release: Release, host: Host, python: str) -> DecoderRow | None:
    for row in recipes.stacks.decoder:
        if (
            host.platform in row.platforms
            and within(python, row.python)
            and not_above(release.torch, row.torch_max)
            and (not host.glibc or not row.glibc or at_least(host.glibc, row.glibc))
        ):
            return row
    return None


def _ordered(builds: list[Build], host: Host) -> list[Build]:
    """Native builds from new to old, then those above the driver from old to new."""
    own = [b for b in builds if native(host, cuda_of(b.tag))]
    above = [b for b in builds if b not in own]
    own.sort(key=lambda b: numbers(cuda_of(b.tag)), reverse=True)
    above.sort(key=lambda b: numbers(cuda_of(b.tag)))
    return own + above
