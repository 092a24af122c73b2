"""torch releases, their CUDA builds and the parts each runs on, from `recipes/torch.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from setup_assistant import frozen_json
from setup_assistant.catalog.folder import Sourced, recipes
from setup_assistant.errors import SetupError


@dataclass(frozen=True, kw_only=True)
class Floor(Sourced):
    """The least driver that starts any build of one CUDA major, per system."""

    cuda: int
    linux: str
    windows: str


@dataclass(frozen=True, kw_only=True)
class LastBranch(Sourced):
    """The last driver branch for parts up to a compute capability."""

    up_to: str
    branch: int


@dataclass(frozen=True, kw_only=True)
class FirstBranch(Sourced):
    """The first driver branch for a part; `open_modules`: only the open kernel modules do."""

    part: str
    branch: int
    open_modules: bool


@dataclass(frozen=True, kw_only=True)
class Jetson(Sourced):
    """Parts that run only code of their own number.

    `unified` parts run ordinary code too in builds from CUDA `unified_from` on.
    """

    only_own: tuple[str, ...]
    unified_from: str
    unified: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Size:
    """Estimated bytes of packages, with what they bring."""

    download: int
    installed: int


@dataclass(frozen=True, kw_only=True)
class Build:
    """One CUDA build. `x86_64` and `aarch64` name a list of `kernels`; None: no such wheel.

    Windows takes the x86_64 build, where `windows` says that there is one.
    """

    tag: str
    source: str
    x86_64: str | None = None
    aarch64: str | None = None
    ptx: str | None = None
    verified: bool = True
    windows: bool = True


@dataclass(frozen=True, kw_only=True)
class Release(Sourced):
    """One release line, as its newest patch. `pypi` is the package index's build on Linux."""

    torch: str
    torchvision: str
    python: tuple[str, str]
    glibc: str
    pypi: dict[str, str]
    builds: tuple[Build, ...]
    avoid: str = ""


@dataclass(frozen=True, kw_only=True)
class Ended(Sourced):
    """The last torch for a Python minor, or for a system; the other of the two is empty."""

    torch: str
    torchvision: str
    python: str = ""
    system: str = ""


@dataclass(frozen=True, kw_only=True)
class TorchTable(Sourced):
    """The whole recipe; `release` is ordered from new to old, `sizes` are by build."""

    floor: tuple[Floor, ...]
    last_branch: tuple[LastBranch, ...]
    first_branch: tuple[FirstBranch, ...]
    ended: tuple[Ended, ...]
    jetson: Jetson
    kernels: dict[str, tuple[str, ...]]
    sizes: dict[str, Size]
    release: tuple[Release, ...]


def load(folder: Path | None = None) -> TorchTable:
    """Return the recipe.

    Raises:
        SetupError: `recipe_invalid`, naming file and key.
    """
    path = recipes(folder) / "torch.toml"
    table = frozen_json.load_toml(path, TorchTable)
    for release in table.release:
        for build in release.builds:
            for name in (build.x86_64, build.aarch64):
                if name is not None and name not in table.kernels:
                    detail = f"release {release.torch}, {build.tag}: no [kernels] {name}"
                    raise SetupError("recipe_invalid", file=str(path), detail=detail)
            if build.tag not in table.sizes:
                detail = f"release {release.torch}: no [sizes] {build.tag}"
                raise SetupError("recipe_invalid", file=str(path), detail=detail)
    return table


def driver_of(tag: str, device: str) -> str:
    """Return the least driver for Linux that a build needs to start; nothing on a CPU."""
    if device == "cpu" or not re.fullmatch(r"cu\d{2,3}", tag):
        return ""
    major = cuda_of(tag).partition(".")[0]
    return next((f.linux for f in load().floor if str(f.cuda) == major), "")


def cuda_of(tag: str) -> str:
    """Return the CUDA version of a build tag: "cu126" is "12.6"."""
    digits = tag.removeprefix("cu")
    return f"{digits[:-1]}.{digits[-1]}"
